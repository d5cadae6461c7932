import "fullcalendar/skeleton.css";
import "../css/parts/calendar.css";
import "./parts/unfolded.js";
import { Calendar } from "fullcalendar";
import { options } from "./parts/calendar/options.js";
import { onCardKeys } from "./parts/calendar/keys.js";
import { connectFilters } from "./parts/calendar/filters.js";
import { connectBar } from "./parts/calendar/bar.js";
import { keepLive } from "./parts/calendar/live.js";
import { root } from "./parts/calendar/settings.js";

const calendar = new Calendar(root, options());
connectFilters(calendar);
connectBar(calendar);
calendar.render();
keepLive(calendar);
onCardKeys(calendar);
