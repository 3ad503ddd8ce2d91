// Sends files piece by piece and goes on where the server stopped. docs/documents.md describes the protocol.
const form = document.querySelector("form[data-upload]");
const PATIENCE = [1, 2, 4, 8, 15, 30, 60, 60];
const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

const ask = (path, options = {}) =>
  fetch(path, {
    credentials: "same-origin",
    ...options,
    headers: {
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
      "X-Whose-Page": form.elements.whose_page?.value ?? "", // the desk has none
      ...options.headers,
    },
  });

// Tries again for a few minutes while the connection or the server is away; every other answer is handed on.
const persist = async (attempt, line) => {
  for (const pause of [...PATIENCE, null]) {
    try {
      const answer = await attempt();
      if (answer.status < 500 && answer.status !== 400) return answer;
    } catch {
      line.say(form.dataset.again);
    }
    if (pause !== null) await wait(pause);
  }
  throw new Error(form.dataset.failed);
};

const addLine = (file) => {
  const text = document.createElement("p");
  const bar = document.createElement("progress");
  bar.max = file.size || 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  form.querySelector("[data-list]").append(text, bar);
  const say = (words) => {
    text.textContent = `${file.name}: ${words}`;
  };
  return { say, at: (offset) => { bar.value = offset; } };
};

const begin = async (file, line) => {
  const about = { name: file.name, size: file.size, stamp: file.lastModified, kind: form.elements.kind.value };
  const answer = await persist(() => ask(form.dataset.upload, { method: "POST", body: new URLSearchParams(about) }), line);
  const told = await answer.json();
  if (answer.status !== 201) throw new Error(told.reason);
  return told;
};

const sendPieces = async (file, line, { id, offset, piece }) => {
  const path = `${form.dataset.upload}${id}/`;
  for (let at = offset; at < file.size; ) {
    line.at(at);
    line.say(form.dataset.sending);
    const put = { method: "PUT", headers: { "Upload-Offset": at, "Content-Type": "application/octet-stream" } };
    const answer = await persist(() => ask(path, { ...put, body: file.slice(at, at + piece) }), line);
    if (![200, 409].includes(answer.status)) throw new Error(form.dataset.failed);
    at = (await answer.json()).offset;
  }
  line.at(file.size);
  return persist(() => ask(`${path}finish/`, { method: "POST" }), line);
};

const send = async (file) => {
  const line = addLine(file);
  try {
    const answer = await sendPieces(file, line, await begin(file, line));
    if (!answer.ok) throw new Error(form.dataset.failed);
    const { reason } = await answer.json();
    line.say(reason || form.dataset.stored);
  } catch (trouble) {
    line.say(trouble.message || form.dataset.failed);
  }
};

if (form) {
  const chosen = form.elements.file;
  chosen.multiple = true;
  // The desk's theme listens to every file input and expects a text box beside it, which this form has not.
  form.addEventListener("change", (event) => event.target === chosen && event.stopPropagation(), true);
  form.addEventListener("submit", async (event) => {
    if (!chosen.files.length) return;
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    const files = [...chosen.files];
    button.disabled = true;
    for (const file of files) await send(file);
    button.disabled = false;
    chosen.value = "";
  });
}
