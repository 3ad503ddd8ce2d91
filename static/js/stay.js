// Says before a private page closes that it will, with a way to stay. Whoever types is there: that counts as a press.
// Nothing that was typed is kept by this script.
const notice = document.querySelector("form[data-closes-after]");
const WARNING = 300;
const ASK_AGAIN = 300;
const CLOSED = [404, 409];

if (notice) {
  const words = notice.querySelector("[data-words]");
  const button = notice.querySelector("[type=submit]");
  let pressed = Date.now();
  const since = () => (Date.now() - pressed) / 1000;

  const closed = () => {
    words.textContent = notice.dataset.closed;
    button.hidden = true;
    notice.hidden = false;
  };

  const stay = async () => {
    const before = pressed;
    pressed = Date.now();
    try {
      const answer = await fetch(notice.action, { method: "POST", body: new URLSearchParams(new FormData(notice)) });
      if (answer.ok) notice.hidden = true;
      else if (CLOSED.includes(answer.status)) closed();
      else pressed = before;
    } catch {
      pressed = before; // the connection is away: asked again at the next key
    }
  };

  notice.addEventListener("submit", (event) => {
    event.preventDefault();
    stay();
  });
  document.addEventListener("input", () => since() > ASK_AGAIN && !button.hidden && stay());
  setInterval(() => {
    if (since() > Number(notice.dataset.closesAfter)) closed();
    else if (since() > Number(notice.dataset.closesAfter) - WARNING) notice.hidden = false;
  }, 5000);
}
