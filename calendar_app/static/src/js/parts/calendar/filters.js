import { settings } from "./settings.js";

const form = document.getElementById("calendar-filters");
const NAMES = ["q", "channel", "owner", "label"];
const TYPING = 250;

/* What is asked for, as the address and the feed spell it. */
export function query() {
  const data = new FormData(form);
  const found = Object.fromEntries(NAMES.map((name) => [name, (data.get(name) ?? "").trim()]).filter(([, value]) => value));
  const states = data.getAll("state");
  if (data.get("risk")) found.risk = "1";
  return states.length ? { ...found, state: states.join(",") } : found;
}

/* Where the calendar stands: what the address says, else what it showed last in this workspace. */
export function remembered() {
  const said = new URLSearchParams(location.search);
  return said.size ? said : new URLSearchParams(localStorage.getItem(settings.memory) ?? "");
}

export function remember(place) {
  const address = new URLSearchParams({ ...query(), ...place });
  history.replaceState(null, "", `?${address}`);
  address.delete("date");
  localStorage.setItem(settings.memory, address);
  document.getElementById("calendar-reset").hidden = !Object.keys(query()).length;
}

export function fillIn() {
  const said = remembered();
  for (const name of NAMES) if (form.elements[name]) form.elements[name].value = said.get(name) ?? "";
  for (const select of form.querySelectorAll("select")) if (select.selectedIndex < 0) select.value = "";
  const states = new Set((said.get("state") ?? "").split(","));
  form.elements.risk.checked = said.get("risk") === "1";
  for (const box of form.querySelectorAll('[name="state"]')) box.checked = states.has(box.value);
}

export function connectFilters(calendar) {
  let timer;
  const ask = () => {
    clearTimeout(timer);
    calendar.refetchEvents();
    document.dispatchEvent(new CustomEvent("calendar:asked"));
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ask);
  form.addEventListener("reset", () => setTimeout(ask));
  form.elements.q.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, TYPING);
  });
}
