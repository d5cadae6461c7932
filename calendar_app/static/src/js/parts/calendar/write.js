import { toast } from "../toasts.js";
import { startOn } from "./clock.js";
import { say, settings } from "./settings.js";

/* Opens the composer on a day, at a time if one was pointed at. */
export function writeOn(day, time) {
  if (!settings.write) return;
  const wall = startOn(day, time);
  if (!wall) return toast(say("day_over"), "info");
  location.assign(`${settings.write}?${new URLSearchParams({ date: wall, zone: settings.zone })}`);
}
