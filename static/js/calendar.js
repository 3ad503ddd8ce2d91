// Dragging a block fills in its own hidden form and sends it: one way to move, one set of rules, decided by the server.
"use strict";
const calendar = document.querySelector(".calendar");
let held = null;
let grip = 0;

// Minutes from the top: the nearest start of this kind of appointment, which are counted from the beginning of open time.
function snapped(column, fromTop, step) {
  const closedUntil = Array.from(column.querySelectorAll(".calendar-closed"), (closed) =>
    Math.round((closed.offsetTop + closed.offsetHeight) / Number(calendar.dataset.minutePx)),
  );
  const open = Math.max(0, ...closedUntil.filter((minute) => minute <= fromTop + step / 2));
  return open + Math.max(0, Math.round((fromTop - open) / step) * step);
}

if (calendar) {
  calendar.addEventListener("dragstart", (event) => {
    held = event.target.closest(".calendar-block");
    if (!held) return;
    grip = event.clientY - held.getBoundingClientRect().top;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });

  calendar.addEventListener("dragover", (event) => {
    if (held && event.target.closest(".calendar-day")) event.preventDefault();
  });

  calendar.addEventListener("drop", (event) => {
    const column = event.target.closest(".calendar-day");
    if (!held || !column) return;
    event.preventDefault();
    const top = event.clientY - grip - column.getBoundingClientRect().top;
    const fromTop = top / Number(calendar.dataset.minutePx);
    const minutes = snapped(column, fromTop, Number(held.dataset.step)) + Number(calendar.dataset.firstHour) * 60;
    const form = held.querySelector("form");
    const clock = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
    form.elements.start.value = `${column.dataset.day}T${clock}`;
    form.elements.calendar.value = column.dataset.day;
    form.elements[form.elements.by.value].value = column.dataset.resource; // the provider, or the room
    form.submit();
  });

  calendar.addEventListener("dragend", () => {
    held = null;
  });
}
