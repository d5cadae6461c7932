import "../css/parts/approvals.css";

const cards = () => [...document.querySelectorAll("[data-approval]")];
const current = () => document.activeElement.closest?.("[data-approval]");

const KEYS = {
  j: () => walk(1),
  k: () => walk(-1),
  a: () => current()?.querySelector("[data-approve]").click(),
  s: () => openSendBack(current()),
  Enter: () => document.activeElement.matches("[data-approval]") && current().querySelector("[data-open]").click(),
};

/* j and k walk, a approves, s sends back (Escape takes that back), Enter opens the post. */
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest(".send-back") && !event.isComposing) return closeSendBack(current());
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, textarea, select") || (event.key === "Enter" && !event.target.matches("[data-approval]"))) return;
  event.preventDefault();
  act();
});

function walk(step) {
  const all = cards();
  const at = all.indexOf(current());
  go(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))]);
}

function go(card) {
  card?.focus({ preventScroll: true });
  card?.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function openSendBack(card) {
  if (!card) return;
  card.querySelector(".send-back").open = true;
  card.querySelector("textarea").focus();
}

/* What was typed stays in the closed form. */
function closeSendBack(card) {
  card.querySelector(".send-back").open = false;
  card.focus({ preventScroll: true });
}

/* A decided card leaves; the next one takes its place, and the counts follow. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const card = detail.target.closest?.("[data-approval]");
  if (!card || detail.xhr.responseText.trim()) return;
  const all = cards();
  const next = all[all.indexOf(card) + 1] ?? all[all.indexOf(card) - 1];
  setTimeout(() => {
    go(next);
    count();
  });
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const card = document.getElementById(detail.target.id);
  (card?.querySelector('[aria-invalid="true"]') ?? card)?.focus?.();
});

function count() {
  const left = cards().length;
  document.getElementById("approvals-none").hidden = left > 0;
  document.querySelector(".approvals-hint")?.toggleAttribute("hidden", left === 0);
  for (const badge of document.querySelectorAll('a[href$="/approvals"] .count')) left ? (badge.textContent = Math.max(0, Number(badge.textContent) - 1)) : badge.remove();
}
