import { settings } from "./settings.js";

const QUARTER = 15 * 60 * 1000;
const USUAL_HOUR = "09:00";

/* How far the server's clock is ahead of this machine's, in milliseconds. */
let ahead = 0;

export const now = () => Date.now() + ahead;
export const setNow = (serverNow) => (ahead = serverNow - Date.now());

/* "2026-11-24T09:30:00": what the clock on the wall of the viewer's zone shows. */
export function wallNow() {
  const shown = new Intl.DateTimeFormat("sv-SE", {
    timeZone: settings.zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  return shown.format(now()).replace(" ", "T");
}

/* FullCalendar reckons in wall times that it takes for UTC; these three do the same. */
export const asDate = (wall) => new Date(`${wall.slice(0, 19)}Z`);
export const asWall = (date) => date.toISOString().slice(0, 19);
export const addDays = (day, count) => asWall(new Date(Date.parse(`${day}T00:00:00Z`) + count * 86400000)).slice(0, 10);

/* The wall time `duration` milliseconds after `wall`, or the end of its day. */
export function withinDay(wall, duration) {
  const day = wall.slice(0, 10);
  const later = asWall(new Date(asDate(wall).getTime() + duration));
  return later.startsWith(day) ? later : `${addDays(day, 1)}T00:00:00`;
}

export const spell = (wall, style) => new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: "UTC", ...style }).format(asDate(wall));
export const spellDay = (day) => spell(`${day}T00:00:00`, { weekday: "long", day: "numeric", month: "long" });
export const spellMoment = (wall) => spell(wall, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/* The wall time that a new post on `day` starts with, or null when the day is over. */
export function startOn(day, time = USUAL_HOUR) {
  const wall = `${day}T${time.slice(0, 5)}`;
  const here = wallNow();
  if (wall > here.slice(0, 16)) return wall;
  if (day !== here.slice(0, 10)) return null;
  const next = Math.floor(asDate(here).getTime() / QUARTER + 1) * QUARTER;
  return asWall(new Date(next)).slice(0, 16);
}
