import { remember, remembered } from "./filters.js";
import { isPhone } from "./settings.js";

const VIEWS = { month: ["dayGridMonth", "dots"], week: ["timeGridWeek", "threeDays"], list: ["listMonth", "agenda"] };

const MORNING = "08";

const typeOf = (name) => VIEWS[name][isPhone() ? 1 : 0];
const nameOf = (type) => Object.keys(VIEWS).find((name) => VIEWS[name].includes(type));

/* Where to begin: as the address or the memory says, else the month, on a phone the list. */
export function beginning() {
  const said = remembered();
  const view = VIEWS[said.get("view")] ? said.get("view") : isPhone() ? "list" : "month";
  const date = /^\d{4}-\d{2}-\d{2}$/.test(said.get("date") ?? "") ? { initialDate: said.get("date") } : {};
  return { initialView: typeOf(view), ...date };
}

/* A week on a phone scrolls within itself; what else there is grows with its posts. */
export function heightOf(type) {
  if (type === "threeDays") return Math.max(360, innerHeight - 270);
  return isPhone() ? "auto" : "100%";
}

export function connectBar(calendar) {
  const on = (id, act) => document.getElementById(`calendar-${id}`).addEventListener("click", act);
  on("prev", () => calendar.prev());
  on("next", () => calendar.next());
  on("today", () => calendar.today());
  on("more", toggleFilters);
  let unseen = true;
  calendar.on("datesSet", () => (unseen = true));
  calendar.on("eventsSet", (events) => {
    if (unseen && events.length) setTimeout(() => scrollToFirst(calendar, events));
    unseen &&= !events.length;
  });
  const views = document.querySelectorAll("[data-view]");
  views.forEach((button) => button.addEventListener("click", () => calendar.changeView(typeOf(button.dataset.view))));
  const show = () => showPlace(calendar, views);
  calendar.on("datesSet", show);
  document.addEventListener("calendar:asked", show);
  matchMedia("(max-width: 760px)").addEventListener("change", () => calendar.changeView(typeOf(nameOf(calendar.view.type))));
}

function showPlace(calendar, views) {
  const name = nameOf(calendar.view.type);
  calendar.setOption("height", heightOf(calendar.view.type));
  document.getElementById("calendar-title").textContent = calendar.view.title;
  views.forEach((button) => button.setAttribute("aria-pressed", button.dataset.view === name));
  remember({ view: name, date: calendar.formatIso(calendar.getDate(), true).slice(0, 10) });
}

/* A week begins with its earliest post where that is before the working day. */
function scrollToFirst(calendar, events) {
  if (nameOf(calendar.view.type) !== "week") return scrollToToday();
  const [earliest] = events.map(({ startStr }) => startStr.slice(11, 13)).sort();
  if (earliest < MORNING) calendar.scrollToTime(`${earliest}:00:00`);
}

/* A month's list that holds today begins there; on a phone the list starts with today anyway. */
function scrollToToday() {
  if (isPhone()) return;
  document.querySelector(".cal-list-header.is-today")?.closest(".cal-list-day").scrollIntoView({ block: "start" });
}

function toggleFilters({ currentTarget }) {
  const open = document.getElementById("calendar-filters").classList.toggle("is-open");
  currentTarget.setAttribute("aria-expanded", open);
}
