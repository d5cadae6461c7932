import { toast } from "./toasts.js";

/* <button data-copy-from="#id"> copies what that element says, <button data-copy-text="..."> what it holds itself.
   Where the clipboard is closed, as on an address without https, the words are selected for the person to copy. */
document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy-from], [data-copy-text]");
  if (!button) return;
  const source = button.dataset.copyFrom ? document.querySelector(button.dataset.copyFrom) : null;
  const words = source ? source.textContent : button.dataset.copyText;
  const told = { ...document.querySelector("main[data-copied]")?.dataset, ...button.dataset };
  if (await isCopied(words, source)) return toast(told.copied, "ok");
  if (source) toast(told.selected, "info");
});

async function isCopied(words, source) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return source ? select(source) && document.execCommand("copy") : copyUnseen(words);
  }
}

function select(source) {
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return true;
}

function copyUnseen(words) {
  const unseen = Object.assign(document.createElement("textarea"), { value: words, className: "visually-hidden", readOnly: true });
  document.body.append(unseen);
  unseen.select();
  const copied = document.execCommand("copy");
  unseen.remove();
  return copied;
}
