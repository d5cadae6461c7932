import { addDays } from "./clock.js";
import { root } from "./settings.js";
import { writeOn } from "./write.js";

const DAYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
const CARDS = "a.cal-event";

const typing = (target) => target.closest("input, textarea, select, dialog, [contenteditable], details[open]");

/* Arrows walk days and cards, or turn the page; Enter on a day writes a post there. */
export function onCardKeys(calendar) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    const day = event.target.matches(".cal-day") ? event.target.dataset.date : null;
    const done = day ? onDay(calendar, day, event.key) : event.target.matches(CARDS) ? onCard(event) : onPage(calendar, event);
    if (done) event.preventDefault();
  });
  root.addEventListener("focusin", ({ target }) => target.matches(".cal-day") && rove(target));
}

/* Only one day is a stop of the Tab key. */
export function rove(cell) {
  root.querySelectorAll('.cal-day[tabindex="0"]').forEach((old) => old.setAttribute("tabindex", "-1"));
  cell.setAttribute("tabindex", "0");
}

function onDay(calendar, day, key) {
  if (key === "Enter" || key === " ") return writeOn(day) ?? true;
  if (!(key in DAYS)) return false;
  const next = addDays(day, DAYS[key]);
  if (!cellOf(next)) calendar.gotoDate(next);
  setTimeout(() => cellOf(next)?.focus());
  return true;
}

const cellOf = (day) => root.querySelector(`.cal-day[data-date="${day}"]`);

function onCard({ key, target }) {
  const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!step) return false;
  const cards = [...root.querySelectorAll(CARDS)].filter((card) => card.checkVisibility({ visibilityProperty: true }));
  cards[cards.indexOf(target) + step]?.focus();
  return true;
}

function onPage(calendar, { key, target }) {
  if (target !== document.body && !root.contains(target) && target.id !== "main") return false;
  if (key === "ArrowLeft") return calendar.prev() ?? true;
  return key === "ArrowRight" ? calendar.next() ?? true : false;
}
