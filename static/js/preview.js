// While a text is written, shows the mail that it becomes, and what may not stand in it. Saves nothing.
const form = document.getElementById("mail-text");
const frame = document.getElementById("preview-html");
let waiting;

const show = async () => {
  const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
  if (!answer.ok) return;
  const made = await answer.json();
  const list = document.getElementById("complaints");
  list.hidden = made.complaints.length === 0;
  list.replaceChildren(
    ...made.complaints.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  if (!frame || made.html === undefined) return;
  frame.srcdoc = made.html;
  document.getElementById("preview-subject").textContent = made.subject;
  document.getElementById("preview-text").textContent = made.text;
};

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 400);
});
