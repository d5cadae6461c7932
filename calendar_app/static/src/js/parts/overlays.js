/* Dialogs: <button data-dialog-open="id"> opens, [data-dialog-close] or a click on the backdrop closes. */
document.addEventListener("click", ({ target }) => {
  const opener = target.closest("[data-dialog-open]");
  if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
  if (target.closest("[data-dialog-close]")) target.closest("dialog")?.close();
  if (target.matches("dialog.dialog, dialog.drawer")) target.close();
  closeMenus((menu) => !menu.contains(target) || target.closest(".menu-panel a, .menu-panel button"));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") escape();
  const panel = event.target.closest?.(".menu[open]");
  if (panel && ["ArrowDown", "ArrowUp"].includes(event.key)) step(panel, event);
});

function closeMenus(shouldClose) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (shouldClose(menu)) close(menu);
}

function escape() {
  closeMenus(() => true);
}

/* The focus must not vanish with an item: a dialog that the item opens gives it back to the menu's button. */
function close(menu) {
  if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  menu.open = false;
}

function step(menu, event) {
  event.preventDefault();
  const items = [...menu.querySelectorAll(".menu-item")];
  const move = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement);
  items[(at + move + items.length) % items.length]?.focus();
}

/* dialog[data-dialog-now] opens by itself, on a page or when it arrives in a fragment. */
function openNow(root) {
  const arrived = "dialog[data-dialog-now]:not([open])";
  for (const dialog of root.matches(arrived) ? [root] : root.querySelectorAll(arrived)) dialog.showModal();
}

openNow(document.body);
document.addEventListener("htmx:load", ({ detail }) => openNow(detail.elt));
