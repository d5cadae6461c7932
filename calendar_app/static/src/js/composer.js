import "../css/parts/composer.css";
import { startChannels } from "./parts/composer_channels.js";
import { startKeeping } from "./parts/composer_keep.js";
import { startMedia, uploading } from "./parts/composer_media.js";
import { startWhen } from "./parts/composer_when.js";
import { refreshToken } from "./parts/upload.js";

const form = document.getElementById("composer");

startMedia();
startChannels();
startWhen();
startKeeping();

/* The language that is chosen is the one the browser spells in. */
form.elements.language.addEventListener("change", ({ target }) => {
  for (const text of form.querySelectorAll(".composer-text")) text.lang = target.value;
});

/* Ctrl/Cmd-Enter saves, with Shift it also submits. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  const action = event.shiftKey ? "submit" : "save";
  form.requestSubmit(document.querySelector(`button[form="composer"][value="${action}"]`));
});

/* One form is sent once, and not while a file is still on its way. */
form.addEventListener("submit", (event) => {
  if (form.dataset.sent || (uploading() && !confirm(form.dataset.textUploading))) event.preventDefault();
}, true);

addEventListener("pageshow", ({ persisted }) => persisted && delete form.dataset.sent);

/* A form that was shown again with an error, or brought back, still holds unsaved words. */
if (document.querySelector(".composer-notes .note.danger, .composer-notes .note.ok")) form.dataset.changed = "yes";

/* A check that fails must not bury the page in messages at every keystroke: the preview says that it is old. */
const live = document.getElementById("live");
for (const trouble of ["htmx:responseError", "htmx:sendError", "toast"]) addEventListener(trouble, quietly, true);
live.addEventListener("htmx:afterSwap", () => live.classList.remove("is-old"));

async function quietly(event) {
  if (event.target !== live) return;
  event.stopPropagation();
  live.classList.add("is-old");
  if (event.detail.xhr?.status === 400 && (await refreshToken())) form.dispatchEvent(new Event("input", { bubbles: true }));
}
