import { spellMoment } from "./clock.js";
import { hidden, icon, make } from "./dom.js";
import { marks, say, stateName, thumbnailUrl } from "./settings.js";

const MOST_NUMBERS = 2;
const METRICS = { views: "eye", likes: "heart", reposts: "repost", replies: "reply", quotes: "quote", saves: "label",
  impressions: "eye", reach: "people", shares: "external", clicks: "link" };

/* One line in a crowded month. */
export const line = (row, time) => card("line", row, [
  mark(row), risk(row), when(time), title(row), picture(row), channels(row),
]);

/* Two lines, where a day has room. */
export const tile = (row, time) => card("tile", row, [
  picture(row),
  make("span", { class: "cal-main" }, make("span", { class: "cal-top" }, mark(row), risk(row), when(time), channels(row), owner(row)),
    make("span", { class: "cal-top" }, title(row), ...metrics(row, MOST_NUMBERS))),
]);

/* A row in the list, with all there is to say. */
export const entry = (row, time) => card("entry", row, [
  make("span", { class: "cal-when" }, when(time), own(row)),
  picture(row, true),
  make("span", { class: "cal-main" }, title(row), make("span", { class: "cal-top" }, channels(row, true), ...labels(row), ...metrics(row))),
  owner(row),
  risk(row),
  make("span", { class: "state", "data-state": row.state }, icon(`state-${row.state}`), make("span", { class: "state-text" }, stateName(row.state))),
]);

function card(kind, row, parts) {
  return make("span", { class: `cal-card cal-${kind}`, "data-state": row.state, title: tip(row) }, ...parts);
}

function tip(row) {
  const where = row.channels.map(({ handle, state }) => (state ? `${handle} (${stateName(state)})` : handle));
  const numbers = given(row).map((name) => `${say(name)} ${short(row.metrics[name])}`);
  return [stateName(row.state), row.title, where.join(", "), numbers.join(", "), ownText(row), ...riskLines(row)].filter(Boolean).join("\n");
}

const mark = (row) => make("span", { class: "cal-mark" }, icon(`state-${row.state}`, "state-icon"), hidden(stateName(row.state)));
const riskLines = (row) => (row.risks.length ? [`${say("at_risk")}:`, ...row.risks] : []);
const risk = (row) => row.risks.length > 0 && make("span", { class: "cal-risk" }, icon("warning"), hidden(riskLines(row).join(" ")));
const when = (time) => make("span", { class: "cal-time" }, time);
const title = (row) => make("span", { class: "cal-title" }, row.title || say("no_text"));
const owner = (row) => row.owner && make("span", { class: "avatar small", "data-tint": row.owner.tint, title: row.owner.name }, row.owner.initials);
const labels = (row) => row.labels.map(({ name, tint }) => make("span", { class: "label", "data-tint": tint }, name));
const ownText = (row) => row.own && say("own_time", { time: spellMoment(row.own.wall), zone: row.own.zone.replaceAll("_", " ") });
const own = (row) => row.own && make("span", { class: "cal-own", title: ownText(row) }, icon("globe", "icon-s"), hidden(ownText(row)));

function picture(row, always = false) {
  if (!row.picture) return always && make("span", { class: "cal-picture" });
  const { kind, asset } = row.picture;
  const shown = asset ? make("img", { src: thumbnailUrl(asset), alt: "", loading: "lazy", decoding: "async" }) : icon(kind);
  return make("span", { class: "cal-picture" }, shown, kind === "video" && icon("play", "cal-play"));
}

function channels(row, spelled = false) {
  return make("span", { class: "cal-channels" }, ...row.channels.map((channel, at) => onChannel(channel, row, spelled, isAgain(row, at))));
}

/* In a line a platform is shown once, unless one of its channels stands otherwise. */
const isAgain = ({ channels: all, state }, at) => all.slice(0, at).some(({ platform }) => platform === all[at].platform) && [null, state].includes(all[at].state);

/* A channel that stands otherwise than the whole post wears its own state. */
function onChannel({ platform, handle, state }, row, spelled, again) {
  const differs = state && state !== row.state;
  const text = differs ? `${handle} (${stateName(state)})` : handle;
  return make("span", { class: `platform cal-channel ${again ? "is-again" : ""}`, "data-platform": platform, "data-state": differs ? state : null, title: text },
    platform in marks ? make("span", { class: `platform-mark ${marks[platform].length > 1 ? "long" : ""}`, "aria-hidden": "true" }, marks[platform]) : icon(platform), differs && icon(`state-${state}`, "state-icon"), spelled ? make("span", { class: "cal-handle" }, handle) : hidden(text));
}

const given = (row) => Object.keys(METRICS).filter((name) => name in row.metrics);
const short = (number) => new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" }).format(number);

function metrics(row, most = Infinity) {
  const shown = given(row).slice(0, most);
  return shown.map((name) => make("span", { class: "metric", title: say(name) }, icon(METRICS[name]), hidden(say(name)), short(row.metrics[name])));
}
