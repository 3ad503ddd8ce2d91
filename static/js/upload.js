// Sends files piece by piece and goes on where the server stopped. docs/documents.md describes the protocol.
const form = document.querySelector("form[data-upload]");
const PATIENCE = [1, 2, 4, 8, 15, 30, 60, 60];
const wait = (seconds, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });

const ask = async (path, options = {}) => {
  const answer = await fetch(path, {
    credentials: "same-origin",
    ...options,
    headers: {
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
      "X-Whose-Page": form.elements.whose_page?.value ?? "", // the desk has none
      ...options.headers,
    },
  });
  if (answer.ok) document.dispatchEvent(new Event("page-used")); // static/js/stay.js
  return answer;
};

// Tries again for a few minutes while the connection or the server is away; every other answer is handed on.
const persist = async (attempt, line) => {
  for (const pause of [...PATIENCE, null]) {
    try {
      const answer = await attempt();
      if (answer.status < 500 && answer.status !== 400) return answer;
    } catch {
      line.signal.throwIfAborted();
      line.say(form.dataset.again);
    }
    if (pause !== null) await wait(pause, line.signal);
    line.signal.throwIfAborted();
  }
  throw new Error(form.dataset.failed);
};

// What the protocol answers is JSON. A page instead of it is the way in: nobody is signed in here any more.
const told = async (answer) => {
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) throw new Error(form.dataset.closed);
  const said = await answer.json();
  if (!answer.ok && said.reason) throw new Error(said.reason);
  return said;
};

const addLine = (file) => {
  const text = document.createElement("p");
  const bar = document.createElement("progress");
  const stop = document.createElement("button");
  const stopping = new AbortController();
  bar.max = file.size || 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  stop.type = "button";
  stop.className = form.querySelector("[type=submit]").className;
  stop.textContent = form.dataset.stop;
  stop.setAttribute("aria-label", `${form.dataset.stop}: ${file.name}`);
  stop.addEventListener("click", () => stopping.abort());
  form.querySelector("[data-list]").append(text, bar, stop);
  return {
    signal: stopping.signal,
    say: (words) => { text.textContent = `${file.name}: ${words}`; },
    at: (offset) => { bar.value = offset; },
    end: () => { stop.remove(); },
  };
};

const begin = async (file, line) => {
  const about = { name: file.name, size: file.size, stamp: file.lastModified, kind: form.elements.kind.value };
  const body = new URLSearchParams(about);
  const start = () => {
    line.isAsked = true; // from here on the server may have a row of it
    return ask(form.dataset.upload, { method: "POST", body });
  };
  const answer = await persist(start, line);
  const begun = await told(answer);
  if (answer.status !== 201) throw new Error(form.dataset.failed);
  line.id = begun.id;
  line.signal.throwIfAborted();
  return begun;
};

const sendPieces = async (file, line, { id, offset, piece }) => {
  const path = `${form.dataset.upload}${id}/`;
  for (let at = offset; at < file.size; ) {
    line.at(at);
    line.say(form.dataset.sending);
    const put = { method: "PUT", headers: { "Upload-Offset": at, "Content-Type": "application/octet-stream" } };
    const body = file.slice(at, at + piece);
    const answer = await persist(() => ask(path, { ...put, body, signal: line.signal }), line);
    const said = await told(answer);
    if (![200, 409].includes(answer.status)) throw new Error(form.dataset.failed);
    at = said.offset;
  }
  line.at(file.size);
  line.end(); // from here on it is all there: it can be taken back from the list
  return persist(() => ask(`${path}finish/`, { method: "POST" }), line);
};

// Patients' uploads are dropped when they are stopped; the desk has no such address. Returns what is true of it then.
const drop = async (line) => {
  if (!line.isAsked || !form.dataset.drop) return form.dataset.stopped;
  if (!line.id) return form.dataset.notDropped;
  const answer = await ask(form.dataset.drop.replace("ID", line.id), { method: "POST" }).catch(() => null);
  return answer?.ok ? form.dataset.stopped : form.dataset.notDropped;
};

const send = async (file) => {
  const line = addLine(file);
  try {
    const answer = await sendPieces(file, line, await begin(file, line));
    const { reason } = await told(answer);
    if (!answer.ok) throw new Error(form.dataset.failed);
    line.say(reason || form.dataset.stored);
  } catch (trouble) {
    line.say(line.signal.aborted ? await drop(line) : trouble.message || form.dataset.failed);
  }
  line.end();
};

// What was sent stands in the list of the page, as the server shows it: unless it is somebody else's page by now.
const renewList = async () => {
  const list = document.querySelector("[data-sent]");
  if (!list) return;
  const answer = await ask(location.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const whose = page.querySelector("form[data-upload] [name=whose_page]")?.value;
  const renewed = page.querySelector("[data-sent]");
  if (renewed && whose === form.elements.whose_page?.value) list.replaceWith(document.adoptNode(renewed));
};

const warn = (event) => event.preventDefault();

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
    addEventListener("beforeunload", warn);
    for (const file of files) await send(file);
    removeEventListener("beforeunload", warn);
    button.disabled = false;
    chosen.value = "";
    await renewList();
  });
}
