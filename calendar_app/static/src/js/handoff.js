import "../css/parts/handoff.css";
import "./parts/copying.js";
import { send } from "./parts/htmx.js";
import { toast } from "./parts/toasts.js";

const main = document.querySelector("main.handoff");
const SECOND = 1000;
const [SOON, SELDOM] = [2 * SECOND, 15 * SECOND];

/* The time left by the server's clock: a phone's own may be wrong. */
const timer = main.querySelector("[data-until]");
const ahead = timer ? new Date(timer.dataset.now) - Date.now() : 0;
const left = () => (timer ? Math.max(0, new Date(timer.dataset.until) - Date.now() - ahead) : Infinity);

function spell(milliseconds) {
  const seconds = Math.ceil(milliseconds / SECOND);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.slice(parts[0] ? 0 : 1).map((part, at) => (at ? String(part).padStart(2, "0") : part)).join(":");
}

function tick() {
  timer.textContent = spell(left());
}

if (timer) {
  tick();
  setInterval(tick, SECOND);
}

/* The page follows what becomes of it: soon at its time, and now and then for an edit or a pause. */
async function look() {
  try {
    if (!document.hidden && (await hasChanged()) && !isWriting()) return location.reload();
  } catch { /* Out of reach for a moment: the next look tells. */ }
  setTimeout(look, left() < SOON ? SOON : Math.min(SELDOM, left()));
}

async function hasChanged() {
  const answer = await send(main.dataset.stateUrl, { method: "GET" });
  if (!answer.ok && answer.status !== 410) return false;
  const { phase, seen } = await answer.json();
  return phase !== main.dataset.phase || (seen ?? main.dataset.seen) !== main.dataset.seen;
}

/* What is being typed is not thrown away, unless it must not be posted any more. */
const isWriting = () => [...main.querySelectorAll("input:not([type=hidden]), textarea")].some((input) => input.value);

if (main.dataset.phase !== "done") setTimeout(look, Math.min(SELDOM, left() + SECOND / 2));
document.addEventListener("visibilitychange", async () => {
  if (!document.hidden && main.dataset.phase !== "done" && (await hasChanged().catch(() => false)) && !isWriting()) location.reload();
});

/* Sharing hands the files themselves to the app, where the phone can. */
const probe = new File(["x"], "x.png", { type: "image/png" });
const shares = Boolean(navigator.canShare?.({ files: [probe] }));
for (const button of main.querySelectorAll("[data-share]")) {
  button.hidden = !shares || (button.dataset.share && main.querySelectorAll(button.dataset.share).length < 2);
  button.addEventListener("click", () => share(button));
}

async function share(button) {
  const items = button.dataset.share ? [...main.querySelectorAll(button.dataset.share)] : [button.closest("[data-file]")];
  button.setAttribute("aria-busy", "true");
  try {
    await navigator.share({ files: await Promise.all(items.map(fetched)) });
  } catch (error) {
    if (error.name !== "AbortError") toast(main.dataset.notShared, "warn");
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/* A phone shares only right after a press: what took too long to fetch is at hand at the next one. */
const kept = new Map();

async function fetched(item) {
  if (!kept.has(item)) kept.set(item, await load(item));
  return kept.get(item);
}

async function load({ dataset }) {
  const answer = await fetch(dataset.file);
  if (!answer.ok) throw new Error(answer.statusText);
  return new File([await answer.blob()], dataset.name, { type: dataset.mime });
}
