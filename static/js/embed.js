/* In the center's own site, beside the frame: gives the frame the height of its page, shows its beginning when it has
   turned to another page, and follows it to the emergency page. Heeds nobody but the site that this script is from. */
(() => {
  const ours = new URL(document.currentScript.src).origin;
  const turned = new WeakSet();

  window.addEventListener("message", (event) => {
    if (event.origin !== ours || !event.data || typeof event.data.nucleus !== "string") return;
    const frame = [...document.querySelectorAll("iframe")].find((each) => each.contentWindow === event.source);
    if (!frame) return;
    const { nucleus: kind, height, address } = event.data;
    if (Number.isFinite(height) && height > 0) frame.style.height = `${Math.min(height, 30000)}px`;
    if (kind === "page") {
      if (turned.has(frame)) frame.scrollIntoView({ block: "start" });
      turned.add(frame);
    }
    if (kind === "way-out" && typeof address === "string" && new URL(address, ours).origin === ours) {
      window.location.assign(new URL(address, ours));
    }
  });
})();
