/* A chosen channel has a tab for its own words; they start as a copy of everybody's. */
const form = document.getElementById("composer");
const master = document.getElementById("text");

export function startChannels() {
  for (const box of form.querySelectorAll("[data-channel]")) box.addEventListener("change", () => show(box));
  form.addEventListener("change", ({ target }) => {
    if (target.matches('.own input[type="radio"][value="1"]')) startOwn(target.closest(".own"));
  });
}

function show(box) {
  const tab = document.getElementById(`tab-${box.dataset.channel}`);
  if (!box.checked && tab.getAttribute("aria-selected") === "true") document.getElementById("tab-master").click();
  tab.hidden = !box.checked;
}

function startOwn(part) {
  if (part.dataset.own === "text") copyText(part.querySelector("textarea"));
  else copyFiles(part.querySelector("[data-media]"));
}

function copyText(own) {
  if (!own.value) own.value = master.value;
  own.focus();
}

function copyFiles(box) {
  const list = box.querySelector(".media-list");
  if (list.children.length) return;
  for (const item of document.querySelectorAll("#words-master .media-item")) list.append(copyOf(item, box.dataset.media));
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function copyOf(item, prefix) {
  const copy = item.cloneNode(true);
  copy.querySelector("input[type=hidden]").name = `${prefix}media_id`;
  const alt = copy.querySelector(".media-alt");
  alt.name = `${prefix}media_alt`;
  alt.value = item.querySelector(".media-alt").value;
  return copy;
}
