// Finds the number that the page asks for, sends it, and shows the page anew: the request is then no longer held back.
const form = document.querySelector("form[data-target]");
const text = new TextEncoder();

const digest = async (value) => {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(value)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

const solve = async ({ target, highest }, salt) => {
  for (let number = 0; number <= Number(highest); number += 1) {
    if ((await digest(salt + number)) === target) return number;
  }
  return null;
};

if (form && window.crypto?.subtle) {
  solve(form.dataset, form.elements.salt.value).then((number) => {
    if (number === null) return;
    form.elements.number.value = number;
    form.submit();
  });
}
