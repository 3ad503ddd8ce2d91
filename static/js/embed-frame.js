/* Inside the frame: tells the site around it how high the page is, and leads out of the frame in an emergency.
   Every message goes to the listed sites and to nobody else: a browser drops it when another site is around us. */
(() => {
  const origins = document.currentScript.dataset.origins.split(" ").filter(Boolean);
  const framed = window.parent !== window;

  const around = () => {
    const [nearest] = window.location.ancestorOrigins || []; // not every browser says which site it is
    return nearest ? origins.filter((origin) => origin === nearest) : origins;
  };
  const tell = (message) => around().forEach((origin) => window.parent.postMessage(message, origin));

  const wayOut = document.body.dataset.wayOut;
  const focused = document.querySelector("[autofocus]");
  if (focused) focused.focus({ preventScroll: framed }); // browsers do not heed autofocus inside a frame

  if (framed) {
    const height = () => Math.ceil(document.body.getBoundingClientRect().height);
    new ResizeObserver(() => tell({ nucleus: "height", height: height() })).observe(document.body);
    tell({ nucleus: "page", height: height() });
  }
  if (wayOut) {
    const address = new URL(wayOut, window.location.origin).href;
    if (framed) tell({ nucleus: "way-out", address });
    try {
      window.top.location.href = address;
    } catch {
      // The page is complete in the frame, and has a link out of it.
    }
  }
})();
