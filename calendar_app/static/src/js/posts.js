import "../css/parts/posts.css";
import "../css/parts/deliveries.css";

/* A panel that polls leaves alone what a person is reading or typing. */
document.addEventListener("htmx:beforeRequest", (event) => {
  const panel = event.target;
  if (!panel.matches?.("[data-polls]") || event.detail.requestConfig.verb !== "get") return;
  if (document.hidden || panel.querySelector("dialog[open]") || isTyping(panel)) event.preventDefault();
});

const isTyping = (panel) => [...panel.querySelectorAll('input:not([type="hidden"])')].some((input) => input === document.activeElement || input.value);

/* What was unfolded stays unfolded when its panel is drawn anew. */
const unfolded = new Map();

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  for (const details of detail.target.querySelectorAll?.("details[id]") ?? []) unfolded.set(details.id, details.open);
});

document.addEventListener("htmx:afterSwap", () => {
  for (const [id, isOpen] of unfolded) {
    const details = document.getElementById(id);
    if (details) details.open = isOpen;
  }
  unfolded.clear();
  document.querySelector('#post-dialog [aria-invalid="true"], #deliveries [aria-invalid="true"]')?.focus();
});

/* <time data-countdown="instant"> says how long it is until then, or since. */
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function distance(seconds) {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length * (length === 1 ? 0 : 2)) ?? UNITS.at(-1);
  return relative.format(Math.trunc(seconds / size), unit);
}

function count() {
  for (const time of document.querySelectorAll("[data-countdown]")) {
    time.textContent = distance(Math.round((new Date(time.dataset.countdown) - Date.now()) / 1000));
  }
}

count();
setInterval(count, 1000);
