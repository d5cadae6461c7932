/* Ctrl/Cmd-K: every link or button with data-command="words" can be found and run. */
const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
let chosen = 0;

document.addEventListener("keydown", (event) => {
  if (!dialog || event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  open();
});

document.addEventListener("click", ({ target }) => target.closest("[data-palette]") && open());

function open() {
  if (dialog.open) return;
  input.value = "";
  dialog.showModal();
  show();
}

function commands() {
  const words = input.value.trim().toLowerCase();
  const seen = new Map();
  for (const element of document.querySelectorAll("[data-command]")) seen.set(element.dataset.command, element);
  return [...seen].filter(([name]) => name.toLowerCase().includes(words)).sort(([, one], [, other]) => isLast(one) - isLast(other));
}

/* Other workspaces come after what can be done in this one. */
const isLast = (element) => Number(element.closest("[data-commands-last]") !== null);

function show() {
  chosen = 0;
  const found = commands();
  list.replaceChildren(...found.map(([name, element], at) => option(name, element, at)));
  dialog.querySelector(".palette-none").hidden = found.length > 0;
  point();
}

function option(name, element, at) {
  const item = document.createElement("div");
  item.className = "menu-item";
  item.id = `palette-option-${at}`;
  item.role = "option";
  item.ariaSelected = String(at === 0);
  item.append(name, ...keysOf(element));
  item.addEventListener("click", () => run(element));
  return item;
}

function keysOf({ dataset }) {
  if (!dataset.key) return [];
  const keys = document.createElement("kbd");
  keys.textContent = dataset.key;
  return [keys];
}

function run(element) {
  dialog.close();
  element.click();
}

function move(step) {
  const items = [...list.children];
  if (!items.length) return;
  chosen = (chosen + step + items.length) % items.length;
  items.forEach((item, at) => (item.ariaSelected = String(at === chosen)));
  items[chosen].scrollIntoView({ block: "nearest" });
  point();
}

function point() {
  input.setAttribute("aria-activedescendant", list.children[chosen]?.id ?? "");
}

input?.addEventListener("input", show);
input?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) event.preventDefault();
  if (step) move(step);
  if (event.key === "Enter") list.children[chosen]?.click();
});
