/* Any link or button with data-key="g c" or data-key="n" answers to those keys, outside of text fields. */
let first = "";
let timer;

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  const pressed = first ? `${first} ${event.key}` : event.key;
  const chosen = pick(pressed) ?? pick(event.key);
  first = "";
  if (chosen) act(chosen, event);
  else if (event.key === "g") waitForSecond(event.key);
});

const pick = (keys) => [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === keys);

function act(element, event) {
  event.preventDefault();
  element.click();
}

function waitForSecond(key) {
  first = key;
  clearTimeout(timer);
  timer = setTimeout(() => (first = ""), 1200);
}
