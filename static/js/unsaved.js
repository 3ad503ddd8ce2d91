// A form that is sent in its place, and refused or answered by nobody: without a word it would look as if it were saved.
"use strict";
const NOT_SAVED =
  "Not saved: you have signed in again since this page was opened, or the server did not answer. " +
  "What you typed is still here. Copy it, reload the page and send it again.";

function tell(event) {
  const form = event.detail.elt.closest("form");
  if (!form || event.detail.requestConfig.verb !== "post" || form.querySelector("[data-unsaved]")) return;
  const words = document.createElement("p");
  words.className = "desk-hold";
  words.role = "alert";
  words.dataset.unsaved = "";
  words.textContent = NOT_SAVED;
  form.prepend(words);
  words.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:responseError", tell);
document.addEventListener("htmx:sendError", tell);
