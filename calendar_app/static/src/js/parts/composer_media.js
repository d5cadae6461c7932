/* The files of one text: uploaded or picked, put in order by dragging or by buttons, described, taken out. */
import { UploadQueue, takeFiles } from "./upload.js";

const form = document.getElementById("composer");
const said = document.getElementById("media-said");
const queues = [];
let picking = null;

/* A hidden field does not tell when it changes: everything here says so for it. */
const changed = () => form.dispatchEvent(new Event("input", { bubbles: true }));

export const uploading = () => queues.some((queue) => queue.busy);

export function startMedia() {
  for (const box of form.querySelectorAll("[data-media]")) start(box);
  document.getElementById("picker").addEventListener("click", ({ target }) => {
    const chosen = target.closest("[data-asset]");
    if (chosen) pick(JSON.parse(chosen.dataset.asset));
  });
}

function start(box) {
  const queue = new UploadQueue(form, box.querySelector(".uploads"), (asset) => add(box, asset));
  queues.push(queue);
  const input = box.querySelector("[data-media-files]");
  input.addEventListener("change", () => {
    queue.add(input.files);
    input.value = "";
  });
  takeFiles(box.closest("[role=tabpanel]"), box.querySelector(".dropzone"), (files) => queue.add(files));
  box.querySelector("[data-media-pick]").addEventListener("click", () => openPicker(box));
  box.addEventListener("click", (event) => press(box, event));
  box.addEventListener("input", ({ target }) => target.matches(".media-alt") && count(target));
  for (const alt of box.querySelectorAll(".media-alt")) count(alt);
  startDragging(box.querySelector(".media-list"));
}

export function add(box, asset) {
  const item = document.getElementById("media-item").content.firstElementChild.cloneNode(true);
  fill(item, asset, box.dataset.media);
  box.querySelector(".media-list").append(item);
  count(item.querySelector(".media-alt"));
  changed();
}

function fill(item, asset, prefix) {
  const [id, alt] = [item.querySelector("input[type=hidden]"), item.querySelector(".media-alt")];
  Object.assign(id, { name: `${prefix}media_id`, value: asset.id });
  Object.assign(alt, { name: `${prefix}media_alt`, value: asset.alt });
  item.querySelector("img").src = asset.thumb;
  item.querySelector(".media-name").textContent = asset.name;
  item.querySelector(".media-length").textContent = asset.length;
  item.querySelector(".thumb-tag").hidden = asset.kind !== "video";
}

function press(box, { target }) {
  const item = target.closest(".media-item");
  const move = target.closest("[data-media-move]");
  if (move) shift(item, Number(move.dataset.mediaMove), move);
  if (target.closest("[data-media-remove]")) remove(box, item);
}

function shift(item, step, button) {
  const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (step < 0) other.before(item);
  else other.after(item);
  button.focus();
  tellPlace(item);
}

function tellPlace(item) {
  const all = [...item.parentElement.children];
  said.textContent = form.dataset.textMoved.replace("{place}", all.indexOf(item) + 1).replace("{count}", all.length);
  changed();
}

function remove(box, item) {
  const next = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  (next?.querySelector("[data-media-remove]") ?? box.querySelector("[data-media-pick]")).focus();
  said.textContent = form.dataset.textRemoved;
  changed();
}

/* The strictest of the chosen channels bounds an alt text; the server counts again. */
function count(alt) {
  const counter = alt.closest(".media-words").querySelector(".media-count");
  const limits = [...form.querySelectorAll("[data-channel]:checked")].map((box) => Number(box.dataset.maxAlt)).filter(Boolean);
  const length = [...alt.value].length;
  const limit = Math.min(...limits);
  counter.textContent = limits.length ? `${length} / ${limit}` : length;
  counter.className = `counter media-count ${length > limit ? "over" : length > limit * 0.9 ? "near" : ""}`;
}

function openPicker(box) {
  picking = box;
  const dialog = document.getElementById("picker");
  dialog.showModal();
  window.htmx.ajax("GET", form.dataset.pick, dialog.querySelector(".dialog-body"));
}

function pick(asset) {
  document.getElementById("picker").close();
  add(picking, asset);
  picking.querySelector(".media-item:last-child .media-alt").focus();
}

function startDragging(list) {
  let held = null;
  list.addEventListener("dragstart", (event) => {
    if (event.target.closest("textarea, button, input")) return event.preventDefault();
    held = event.target.closest(".media-item");
    event.dataTransfer.effectAllowed = "move";
    held.classList.add("is-held");
  });
  list.addEventListener("dragover", (event) => {
    const under = event.target.closest(".media-item");
    if (!held || !under || under === held) return;
    event.preventDefault();
    const box = under.getBoundingClientRect();
    under[event.clientY > box.top + box.height / 2 ? "after" : "before"](held);
  });
  list.addEventListener("dragend", () => {
    held?.classList.remove("is-held");
    if (held) tellPlace(held);
    held = null;
  });
}
