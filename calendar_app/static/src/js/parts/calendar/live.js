import { toast } from "../toasts.js";
import { asWall, now, setNow, withinDay } from "./clock.js";
import { query } from "./filters.js";
import { postUrl, say, settings } from "./settings.js";

const EVERY = 15_000;
const SOON = 3_000;
const AFTER_DUE = 2_000;
const CARD = 30 * 60 * 1000;
const UNDER_WAY = new Set(["publishing", "processing"]);

let seen = { address: "", etag: "" };
let rows = [];
let holding = 0;
let timer;
let told = false;

export const countOn = (day) => rows.filter(({ start }) => start.startsWith(day)).length;
export const rowOf = (event) => event.extendedProps.row;

/* While someone drags or is asked something, the posts under their hands stay still. */
export async function holdStill(work) {
  holding += 1;
  try {
    return await work();
  } finally {
    holding -= 1;
  }
}

export function eventOf(row) {
  return { id: String(row.id), title: row.title, ...spanOf(row), url: postUrl(row.id), startEditable: row.movable, extendedProps: { row } };
}

/* A post is of one instant: the half hour that its card fills never reaches into the next day. */
const spanOf = ({ start }) => ({ start, end: withinDay(start, CARD) });

/* FullCalendar asks for a range. */
export async function load({ start, end }) {
  seen = { address: addressOf(start, end), etag: "" };
  const found = await fetchRows();
  showNone();
  return (found ?? rows).map(eventOf);
}

export function keepLive(calendar) {
  const turn = async () => {
    if (document.visibilityState === "visible" && !holding) await refresh(calendar);
    wait();
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(turn, delay());
  };
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && turn());
  wait();
}

/* Asks again for what is on the screen, and changes only what has changed. */
export async function refresh(calendar) {
  const { address } = seen;
  const found = await fetchRows().catch(() => null);
  if (found && address === seen.address && !holding) patch(calendar, found);
}

/* Takes one row that the server has just sent. */
export function put(calendar, row) {
  rows = rows.filter(({ id }) => id !== row.id).concat(row);
  seen.etag = "";
  change(calendar.getEventById(String(row.id)), row);
}

async function fetchRows() {
  const { address, etag } = seen;
  const answer = await fetch(address, { headers: { Accept: "application/json", ...(etag && { "If-None-Match": etag }) } }).catch(() => null);
  if (answer?.status === 304) return null;
  if (!answer?.ok) return fail();
  const body = await answer.json();
  setNow(Number(answer.headers.get("X-Now")));
  told = false;
  if (address !== seen.address) return null;
  seen.etag = answer.headers.get("ETag") ?? "";
  return (rows = body.rows);
}

function fail() {
  if (!told) toast(say("trouble"), "warn");
  told = true;
  return null;
}

function addressOf(start, end) {
  const range = { start: asWall(start), end: asWall(end) };
  return `${settings.feed}?${new URLSearchParams({ ...range, ...query() })}`;
}

function patch(calendar, found) {
  const shown = new Map(calendar.getEvents().map((event) => [event.id, event]));
  for (const row of found) {
    const event = shown.get(String(row.id));
    shown.delete(String(row.id));
    if (event) change(event, row);
    else calendar.addEvent(eventOf(row), true);
  }
  for (const gone of shown.values()) gone.remove();
  showNone();
}

function change(event, row) {
  if (!event || JSON.stringify(rowOf(event)) === JSON.stringify(row)) return;
  event.setExtendedProp("row", row);
  if (event.title !== row.title) event.setProp("title", row.title);
  if (event.startEditable !== row.movable) event.setProp("startEditable", row.movable);
  const { start, end } = spanOf(row);
  if (!event.startStr.startsWith(start) || !event.endStr.startsWith(end)) event.setDates(`${start}Z`, `${end}Z`);
}

function showNone() {
  document.getElementById("calendar-none").hidden = rows.length > 0 || Object.keys(query()).length === 0;
}

function delay() {
  if (rows.some(({ state }) => UNDER_WAY.has(state))) return SOON;
  const waiting = rows.filter(({ state, due }) => state === "scheduled" && due + AFTER_DUE > now()).map(({ due }) => due + AFTER_DUE - now());
  return Math.max(500, Math.min(EVERY, ...waiting));
}
