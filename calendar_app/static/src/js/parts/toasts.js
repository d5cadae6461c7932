const ICONS = { ok: "success", warn: "warning", danger: "error", info: "info" };
const SECONDS = { ok: 5, info: 6, warn: 10, danger: 0 };

const region = () => document.getElementById("toasts");

/* Shows a message; `kind` is ok, info, warn or danger (danger stays until it is closed). */
export function toast(text, kind = "info") {
  const box = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  box.classList.add(kind);
  box.querySelector("use").setAttribute("href", `${region().dataset.icons}#${ICONS[kind] ?? "info"}`);
  box.querySelector(".toast-text").textContent = text;
  region().append(box);
  leaveLater(box, kind);
}

function leaveLater(box, kind) {
  const seconds = SECONDS[kind] ?? 6;
  if (seconds) setTimeout(() => box.matches(":hover, :focus-within") || box.remove(), seconds * 1000);
}

for (const box of document.querySelectorAll(".toast[data-kind]")) leaveLater(box, box.dataset.kind);

document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest(".toast").remove());

/* A reply may carry HX-Trigger: {"toast": {"text": "...", "kind": "ok"}}. */
document.addEventListener("toast", ({ detail }) => toast(detail.text, detail.kind));

document.addEventListener("htmx:sendError", () => toast(region().dataset.offline, "danger"));
document.addEventListener("htmx:responseError", () => toast(region().dataset.trouble, "danger"));
