// Says before a private page closes that it will, with a way to stay. Whoever presses or types is there, in whichever tab:
// the tabs of one person tell each other. Nothing that was typed is kept by this script.
const notice = document.querySelector("form[data-closes-after]");
const closing = document.querySelector("[data-closed-tabs]");
const WARNING = 300;
const ASK_AGAIN = 300;
const CLOSED = [404, 409];

// A browser whose tabs cannot talk (Safari before 15.4) warns and stays as any other, each tab by itself.
const others = (names) => {
  const named = "BroadcastChannel" in window ? names.split(" ").filter(Boolean) : [];
  const channels = named.map((name) => new BroadcastChannel(name));
  return {
    tell: (said) => channels.forEach((channel) => channel.postMessage(said)),
    hear: (then) => channels.forEach((channel) => channel.addEventListener("message", ({ data }) => then(data))),
  };
};

// Where a sign-out leads on to another page (crm/accounts/desk_session.py), the names stand in its address.
const ended = new URLSearchParams(location.hash.slice(1)).get("closed-tabs");
if (ended) history.replaceState(null, "", location.pathname + location.search);
if (closing || ended) others(closing?.dataset.closedTabs ?? ended).tell({ left: true });

if (notice) {
  const words = notice.querySelector("[data-words]");
  const button = notice.querySelector("[type=submit]");
  const soon = words.textContent;
  const emptied = document.querySelector("template[data-left]").content;
  const tabs = others(notice.dataset.tabs);
  let pressed = Date.now();
  let last = pressed + Number(notice.dataset.closesAtLast) * 1000;
  let isClosed = false; // as the server said
  let isAsking = false;
  const since = () => (Date.now() - pressed) / 1000;
  const idle = () => Number(notice.dataset.closesAfter) - since();
  const rest = () => (last - Date.now()) / 1000;
  const isOver = () => isClosed || idle() < 0 || rest() < 0;

  const say = (text, { mayStay = false } = {}) => {
    if (words.textContent !== text) words.textContent = text; // an alert is read out each time it is written
    button.hidden = !mayStay;
    notice.hidden = false;
  };

  const look = () => {
    if (isOver()) say(notice.dataset.closed);
    else if (rest() < WARNING) say(notice.dataset.last);
    else if (idle() < WARNING) say(soon, { mayStay: true });
    else notice.hidden = true;
  };

  const used = () => {
    pressed = Date.now();
    isClosed = false;
    tabs.tell({ pressed, last });
    look();
  };

  const stay = async () => {
    isAsking = true;
    try {
      const answer = await fetch(notice.action, { method: "POST", body: new URLSearchParams(new FormData(notice)) });
      if (answer.ok) used();
      else if (CLOSED.includes(answer.status)) {
        isClosed = true;
        tabs.tell({ closed: true });
        look();
      }
    } catch {
      // the connection is away: asked again at the next key
    }
    isAsking = false;
  };

  // On purpose, in another tab: nobody is to find anything here.
  const clear = () => {
    document.title = emptied.querySelector("h1").textContent;
    document.querySelector("main").replaceChildren(emptied.cloneNode(true));
  };

  tabs.hear((said) => {
    if (said.left) return clear();
    isClosed = Boolean(said.closed);
    pressed = Math.max(pressed, said.pressed ?? 0);
    last = Math.max(last, said.last ?? 0);
    look();
  });

  notice.addEventListener("submit", (event) => {
    event.preventDefault();
    stay();
  });
  document.addEventListener("input", () => since() > ASK_AGAIN && !isAsking && !isOver() && stay());
  document.addEventListener("page-used", used); // static/js/upload.js
  setInterval(look, 5000);
  used();
}
