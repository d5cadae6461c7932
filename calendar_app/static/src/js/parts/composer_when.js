/* Short ways to a time: in an hour, tomorrow morning, another zone, or the time that the server offers instead. */
const form = document.getElementById("composer");
const { date, time, zone } = form.elements;
const MINUTE = 60_000;

export function startWhen() {
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    const { inMinutes, tomorrow, wall, setZone } = button?.dataset ?? {};
    if (inMinutes) setWall(wallAt(roundedUp(Date.now() + inMinutes * MINUTE)));
    if (tomorrow) setWall(`${dayAfter(wallAt(Date.now()))}T${tomorrow}`);
    if (wall) setWall(wall);
    if (setZone) set(zone, setZone);
  });
  zone.addEventListener("focus", () => zone.select());
}

const roundedUp = (instant) => Math.ceil(instant / (5 * MINUTE)) * 5 * MINUTE;

function setWall(wall) {
  [date.value, time.value] = wall.split("T");
  set(time, time.value);
}

function set(input, value) {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/* What the clock on the wall of the typed zone shows, as 2030-03-04T09:30. */
function wallAt(instant) {
  const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const found = Object.fromEntries(formatter(parts).formatToParts(instant).map(({ type, value }) => [type, value]));
  return `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}`;
}

function formatter(parts) {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: zone.value });
  } catch {
    return new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: form.dataset.zone });
  }
}

function dayAfter(wall) {
  const day = new Date(`${wall.slice(0, 10)}T12:00:00Z`);
  day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}
