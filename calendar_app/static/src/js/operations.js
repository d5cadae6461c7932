import "../css/parts/operations.css";

const picks = () => [...document.querySelectorAll('.ops-pick input[name="ids"]')];

/* The page looks again by itself, but not while something is chosen, asked, or out of sight. */
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, detail } = event;
  if (!target.matches?.("[data-polls]") || detail.requestConfig.verb !== "get") return;
  if (document.hidden || document.querySelector("dialog[open]") || picks().some((pick) => pick.checked)) event.preventDefault();
});

/* A question that was answered goes away. */
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (detail.requestConfig.verb === "post") target.closest?.("#question dialog")?.close();
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-pick-all]")) for (const pick of picks()) pick.checked = target.checked;
  if (target.closest("#people")) count();
});

/* Shift and a click choose everything in between. */
let last;
document.addEventListener("click", (event) => {
  const all = picks();
  const at = all.indexOf(event.target);
  if (at < 0) return;
  const from = all.indexOf(last);
  if (event.shiftKey && from >= 0) for (const pick of all.slice(Math.min(from, at), Math.max(from, at) + 1)) pick.checked = event.target.checked;
  last = event.target;
  count();
});

function count() {
  const all = picks();
  const chosen = all.filter((pick) => pick.checked).length;
  const box = document.querySelector("[data-pick-all]");
  if (!box) return;
  box.checked = chosen > 0 && chosen === all.length;
  box.indeterminate = chosen > 0 && chosen < all.length;
  const { dataset } = box.nextElementSibling;
  box.nextElementSibling.textContent = chosen === 0 ? dataset.none : chosen === 1 ? dataset.one : dataset.many.replace("#", chosen);
}
