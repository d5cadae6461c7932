import "../css/parts/posts.css";
import "../css/parts/deliveries.css";
import "../css/parts/handoff.css";
import "./parts/copying.js";
import "./parts/unfolded.js";

/* A panel that polls leaves alone what a person is reading or typing. */
document.addEventListener("htmx:beforeRequest", (event) => {
  const panel = event.target;
  if (!panel.matches?.("[data-polls]") || event.detail.requestConfig.verb !== "get") return;
  if (document.hidden || panel.querySelector("dialog[open]") || isTyping(panel)) event.preventDefault();
});

const isTyping = (panel) => [...panel.querySelectorAll('input:not([type="hidden"]), textarea')].some((input) => input === document.activeElement || input.value);

/* The rest of the page follows the panel, apart from where someone is writing or choosing. */
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (isTyping(detail.target) || detail.target.querySelector("details.menu[open]")) detail.shouldSwap = false;
});

document.addEventListener("htmx:afterSwap", () => {
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
