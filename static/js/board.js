// Dragging a card to another column fills in the card's own form and sends it: one way to move, one set of rules.
"use strict";
const board = document.querySelector(".board");
let held = null;

function optionOf(card, stage) {
  return [...card.querySelectorAll("select[name=move-to] option")].find((option) => option.value === stage);
}

board.addEventListener("dragstart", (event) => {
  held = event.target.closest(".board-card");
  if (!held) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
  for (const column of board.querySelectorAll(".board-column")) {
    column.classList.toggle("takes", Boolean(optionOf(held, column.dataset.stage)));
  }
});

board.addEventListener("dragover", (event) => {
  if (held && event.target.closest(".board-column.takes")) event.preventDefault();
});

board.addEventListener("drop", (event) => {
  const column = event.target.closest(".board-column.takes");
  if (!held || !column) return;
  event.preventDefault();
  optionOf(held, column.dataset.stage).selected = true;
  held.querySelector("form").submit();
});

board.addEventListener("dragend", () => {
  held = null;
  for (const column of board.querySelectorAll(".takes")) column.classList.remove("takes");
});
