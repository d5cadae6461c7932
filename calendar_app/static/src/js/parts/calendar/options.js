import dayGrid from "fullcalendar/daygrid";
import interaction from "fullcalendar/interaction";
import list from "fullcalendar/list";
import timeGrid from "fullcalendar/timegrid";
import zhCn from "fullcalendar/locales/zh-cn";
import zhTw from "fullcalendar/locales/zh-tw";
import { beginning, heightOf } from "./bar.js";
import { entry, line, tile } from "./card.js";
import { classes } from "./classes.js";
import { wallNow } from "./clock.js";
import { dotMonth } from "./dots.js";
import { fillIn } from "./filters.js";
import { rove } from "./keys.js";
import { countOn, load, rowOf } from "./live.js";
import { dropped } from "./moves.js";
import { isPhone, root, say, settings } from "./settings.js";
import { writeOn } from "./write.js";
import { icon } from "./dom.js";

const WEEK = 7 * 24 * 3600 * 1000;
const DAY_TOP = 28;
const TILE = 38;
const MONTH = { year: "numeric", month: "long" };
const DAYS = { month: isPhone() ? "short" : "long", day: "numeric", ...(isPhone() ? {} : { year: "numeric" }) };
const DAY_HEADER = { listDayFormat: { weekday: "long", month: "long", day: "numeric" } };
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/* Wall times of the viewer's zone go in and out as if they were UTC, so that the library never converts one. */
export function options() {
  fillIn();
  const start = beginning();
  return {
    ...classes, ...reading(), ...writing(), ...start, height: heightOf(start.initialView),
    plugins: [dayGrid, timeGrid, list, interaction],
    views: {
      dayGridMonth: { titleFormat: MONTH },
      dots: { titleFormat: MONTH, duration: { months: 1 }, content: dotMonth },
      threeDays: { type: "timeGrid", duration: { days: 3 } },
      listMonth: { ...DAY_HEADER, titleFormat: MONTH },
      agenda: { ...DAY_HEADER, type: "list", duration: { days: 14 } },
    },
    events: load,
    eventContent: ({ event, view }) => ({ domNodes: [content(event, view)] }),
  };
}

function reading() {
  return {
    timeZone: "UTC",
    now: wallNow,
    locales: [zhTw, zhCn],
    locale: settings.locale,
    firstDay: settings.firstDay,
    headerToolbar: false,
    dayMaxEvents: true,
    moreLinkText: (count) => say("more", { count }),
    noEventsText: say("no_posts"),
    popoverCloseContent: () => ({ domNodes: [icon("close", "icon-s")] }),
    closeHint: say("close"),
    eventOrder: ["start", "id"],
    eventOrderStrict: true,
    eventDisplay: "block",
    eventTimeFormat: TIME,
    slotHeaderFormat: TIME,
    allDaySlot: false,
    nowIndicator: true,
    scrollTime: "08:00:00",
    slotEventOverlap: false,
    eventMinHeight: 24,
    slotMinHeight: 34,
    fixedWeekCount: false,
    titleFormat: DAYS,
    dayCellDidMount: ({ el, isToday }) => makeStop(el, isToday),
  };
}

function writing() {
  return {
    eventStartEditable: false,
    eventDurationEditable: false,
    dragRevertDuration: 200,
    eventDrop: dropped,
    dateClick: ({ dateStr, allDay }) => writeOn(dateStr.slice(0, 10), allDay ? undefined : dateStr.slice(11, 16)),
  };
}

function content(event, view) {
  const time = event.startStr.slice(11, 16);
  if (view.type.startsWith("list") || view.type === "agenda") return entry(rowOf(event), time);
  if (view.type.startsWith("dayGrid") && countOn(event.startStr.slice(0, 10)) > tilesInDay(view)) return line(rowOf(event), time);
  return tile(rowOf(event), time);
}

/* How many cards of two lines find room under each other in one day of a month. */
function tilesInDay({ activeStart, activeEnd }) {
  const weeks = Math.round((activeEnd - activeStart) / WEEK);
  return Math.floor((root.clientHeight / weeks - DAY_TOP) / TILE);
}

/* A day is called by what it holds, the date is said after it. */
function makeStop(cell, isToday) {
  cell.setAttribute("aria-description", cell.ariaLabel);
  cell.removeAttribute("aria-label");
  cell.setAttribute("tabindex", "-1");
  if (isToday) rove(cell);
}
