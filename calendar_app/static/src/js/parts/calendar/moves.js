import { send } from "../htmx.js";
import { toast } from "../toasts.js";
import { ask } from "./dialogs.js";
import { spellMoment } from "./clock.js";
import { holdStill, put, refresh, rowOf } from "./live.js";
import { say, settings } from "./settings.js";
import { toastWithUndo } from "./undo.js";

/* FullCalendar has put the post elsewhere; the server has the last word. */
export function dropped({ event, oldEvent, revert, view }) {
  return holdStill(async () => {
    const row = rowOf(oldEvent);
    if (row.approved && !(await ask("move-approved"))) return revert();
    const body = { id: row.id, wall: event.startStr.slice(0, 19), revision: row.revision };
    if (!(await move(view.calendar, body))) revert();
  });
}

/* True when the post stands where it was asked to. */
async function move(calendar, body) {
  const reply = await send(settings.move, { json: body }).catch(() => null);
  const answer = reply ? await reply.json().catch(() => ({})) : { error: say("offline") };
  if (reply?.ok) return arrived(calendar, answer);
  if (answer.kind === "repeated") return whichOfTwo(calendar, body, answer);
  toast(answer.error ?? say("offline"), "warn");
  setTimeout(() => refresh(calendar));
  return false;
}

function arrived(calendar, { row, undo, withdrawn }) {
  put(calendar, row);
  const text = say(withdrawn ? `withdrawn_${withdrawn}` : "moved", { time: spellMoment(row.start) });
  toastWithUndo(text, () => holdStill(() => move(calendar, undo)));
  return true;
}

async function whichOfTwo(calendar, body, { error, choices }) {
  const fold = await ask("move-repeated", error, choices);
  return fold ? move(calendar, { ...body, fold: Number(fold) }) : false;
}
