// Times belong to what they were looked for. Once something else is chosen they go, until they are looked for again.
"use strict";
const asked = document.getElementById("what");
const times = document.querySelector(".free-week");
const note = document.getElementById("show-first");

if (asked && times && note) {
  asked.addEventListener("change", () => {
    times.hidden = true;
    note.hidden = false;
  });
}
