/* What is typed is kept in this browser until the server has it, and offered again after a crash. */
const form = document.getElementById("composer");
const offer = document.getElementById("restore-offer");
const slot = `almanac:composer:${form.dataset.user}:${location.pathname}`;
const DAYS = 14;
const NOT_KEPT = new Set(["csrf_token"]);
const NOT_COMPARED = new Set(["form_key", "revision", "csrf_token"]);
let timer;

export function startKeeping() {
  const kept = read();
  if (kept && worthOffering(kept)) makeOffer(kept);
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  addEventListener("pagehide", () => timer && write());
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(write, 600);
}

const pairs = () => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NOT_KEPT.has(name));

function write() {
  timer = 0;
  try {
    localStorage.setItem(slot, JSON.stringify({ at: Date.now(), key: form.elements.form_key.value, pairs: pairs() }));
  } catch {
    /* Private windows and full disks keep nothing; typing goes on. */
  }
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(slot));
  } catch {
    return null;
  }
}

/* The server names the last form that it saved in a cookie. */
const savedKey = () => document.cookie.match(/(?:^|; )almanac_saved=([^;]*)/)?.[1];
const comparable = (list) => JSON.stringify(list.filter(([name]) => !NOT_COMPARED.has(name)));

function worthOffering({ at, key, pairs: kept }) {
  const isOld = Date.now() - at > DAYS * 86_400_000;
  if (!isOld && key !== savedKey() && comparable(kept) !== comparable(pairs())) return hasWords(kept);
  forget();
  return false;
}

const hasWords = (kept) => kept.some(([name, value]) => /(^|-)(text|media_id)$/.test(name) && value.trim());

function makeOffer(kept) {
  const words = offer.querySelector("[data-restore-words]");
  words.textContent = words.textContent.replace("{time}", new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }));
  offer.hidden = false;
  offer.querySelector("[data-restore]").addEventListener("click", () => restore(kept.pairs));
  offer.querySelector("[data-forget]").addEventListener("click", () => {
    offer.hidden = true;
    forget();
  });
}

const forget = () => localStorage.removeItem(slot);

/* The server draws the form again from what was kept, pictures and all. */
function restore(kept) {
  const sender = document.createElement("form");
  sender.method = "post";
  for (const pair of [...kept, ["restore", "yes"], ["csrf_token", form.elements.csrf_token.value]]) sender.append(hidden(...pair));
  document.body.append(sender);
  form.dataset.sent = "yes";
  sender.submit();
}

function hidden(name, value) {
  const input = document.createElement("textarea");
  Object.assign(input, { name, value, hidden: true });
  return input;
}
