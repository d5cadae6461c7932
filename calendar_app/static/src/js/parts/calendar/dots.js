import { sliceEvents } from "fullcalendar";
import { entry } from "./card.js";
import { addDays, asWall, spell, spellDay, wallNow } from "./clock.js";
import { icon, make } from "./dom.js";
import { rowOf } from "./live.js";
import { postUrl, say, settings } from "./settings.js";
import { writeOn } from "./write.js";

const MOST_DOTS = 3;
let chosen = null;

/* A month for small screens: days with dots, and under them the posts of one day. */
export function dotMonth(info) {
  const { start, end } = info.dateProfile.currentRange;
  const first = asWall(start).slice(0, 10);
  const days = Array.from({ length: Math.round((end - start) / 86400000) }, (_, at) => addDays(first, at));
  const rows = sliceEvents(info).map(({ def }) => def.extendedProps.row);
  const home = make("div", { class: "dots" });
  show(home, days, rows);
  return { domNodes: [home] };
}

function show(home, days, rows) {
  const today = wallNow().slice(0, 10);
  if (!days.includes(chosen)) chosen = days.includes(today) ? today : days[0];
  const choose = (day) => {
    chosen = day;
    show(home, days, rows);
    home.querySelector('[aria-pressed="true"]').focus();
  };
  const on = (day) => rows.filter(({ start }) => start.startsWith(day)).sort((a, b) => a.due - b.due);
  const cells = days.map((day) => cell(day, on(day), day === today, choose));
  cells[0].style.gridColumnStart = columnOf(days[0]) + 1;
  home.replaceChildren(make("div", { class: "dots-grid" }, ...weekdays(days[0]), ...cells), dayList(chosen, on(chosen)));
}

const columnOf = (day) => (new Date(`${day}T00:00:00Z`).getUTCDay() - settings.firstDay + 7) % 7;

function weekdays(first) {
  const monday = addDays(first, -columnOf(first));
  return Array.from({ length: 7 }, (_, at) => make("span", { class: "dots-weekday", "aria-hidden": "true" }, spell(`${addDays(monday, at)}T00:00:00`, { weekday: "narrow" })));
}

function cell(day, rows, isToday, choose) {
  const risky = rows.some(({ risks }) => risks.length);
  const dots = rows.slice(0, MOST_DOTS).map(({ state }) => make("i", { class: "dot", "data-state": state }));
  const button = make("button", { type: "button", class: `dots-day ${isToday ? "is-today" : ""}`, "aria-pressed": day === chosen, "aria-label": `${spellDay(day)}, ${rows.length}${risky ? `, ${say("at_risk")}` : ""}` },
    make("span", {}, Number(day.slice(8))), make("span", { class: "dots-row" }, ...dots, rows.length > MOST_DOTS && make("small", {}, `+${rows.length - MOST_DOTS}`), risky && make("span", { class: "cal-risk" }, icon("warning"))));
  button.addEventListener("click", () => choose(day));
  return button;
}

function dayList(day, rows) {
  const links = rows.map((row) => make("a", { class: "cal-event", href: postUrl(row.id) }, entry(row, row.start.slice(11, 16))));
  return make("section", { class: "dots-list", "aria-label": say("posts_on", { day: spellDay(day) }) },
    make("h3", {}, spellDay(day)), ...(links.length ? links : [make("p", { class: "muted" }, say("no_posts"))]), settings.write && writeButton(day));
}

function writeButton(day) {
  const button = make("button", { type: "button", class: "button wide" }, say("write", { day: spellDay(day) }));
  button.addEventListener("click", () => writeOn(day));
  return button;
}
