import { Calendar } from "fullcalendar";
import dayGrid from "fullcalendar/daygrid";
import interaction from "fullcalendar/interaction";
import list from "fullcalendar/list";
import timeGrid from "fullcalendar/timegrid";
import "fullcalendar/skeleton.css";

export { Calendar, dayGrid, interaction, list, timeGrid };
