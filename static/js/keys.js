// One key for what is done all day. Not while somebody types, and not with another key held down.
"use strict";
const sheet = document.querySelector(".desk-keys");
const opener = document.querySelector("[data-keys]");
const places = { c: "call", n: "note", m: "move", t: "timeline" };
const pages = { b: "board/", d: "" };

opener.hidden = false;
opener.addEventListener("click", () => sheet.showModal());

document.addEventListener("keydown", (event) => {
  const types = event.target.closest("input, select, textarea, [contenteditable]");
  if (types || event.ctrlKey || event.metaKey || event.altKey || sheet.open) return;
  if (event.key === "?") {
    sheet.showModal();
  } else if (event.key in places) {
    const place = document.getElementById(places[event.key]);
    const first = place && place.querySelector("select, textarea, input:not([type=hidden])");
    if (!place) return;
    event.preventDefault();
    place.scrollIntoView({ block: "center" });
    if (first) first.focus();
  } else if (event.key in pages) {
    location.assign(`/admin/${pages[event.key]}`);
  }
});
