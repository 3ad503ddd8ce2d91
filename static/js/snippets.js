// A chosen snippet goes into the text where the cursor was; what is there already stays.
for (const list of document.querySelectorAll("select[data-fills]")) {
  const text = document.getElementById(list.dataset.fills);
  list.addEventListener("change", () => {
    if (!list.value) return;
    text.setRangeText(list.value, text.selectionStart, text.selectionEnd, "end");
    list.value = "";
    text.focus();
  });
}
