// The picture of the back and the list of regions say the same: a click on either changes both.
for (const map of document.querySelectorAll(".body-map")) {
  const box = (value) => document.querySelector(`input[name="${map.dataset.for}"][value="${value}"]`);
  const regions = [...map.querySelectorAll(".region")];

  const show = () => {
    for (const region of regions) region.setAttribute("aria-checked", String(box(region.dataset.value).checked));
  };
  const toggle = (region) => {
    box(region.dataset.value).click();
    show();
  };

  for (const region of regions) {
    region.addEventListener("click", () => toggle(region));
    region.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      toggle(region);
    });
    box(region.dataset.value).addEventListener("change", show);
  }
  show();
  map.hidden = false;
}
