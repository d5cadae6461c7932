/* A plain form is sent once: its button says so until the next page arrives. */
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.hasAttribute("hx-post")) return;
  if (event.submitter) setTimeout(() => event.submitter.setAttribute("aria-busy", "true"));
  event.target.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll('[type="submit"][aria-busy]')) button.removeAttribute("aria-busy");
});

/* <select data-submits> or a checkbox sends its form as soon as it changes. */
document.addEventListener("change", ({ target }) => {
  if (target.matches?.("[data-submits]")) target.form.requestSubmit();
});

/* <form data-guard> asks before typed words are lost. */
document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("form[data-guard]");
  if (form) form.dataset.changed = "yes";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-changed]:not([data-sent])")) event.preventDefault();
});

/* <button data-copy="#id"> copies the value or text of that element. */
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  await navigator.clipboard.writeText(source.value ?? source.textContent);
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: button.dataset.copied, kind: "ok" } }));
});

/* After a failed submit the first wrong field gets the focus. */
document.querySelector('[aria-invalid="true"]')?.focus();

/* <select data-guess-zone> starts with the browser's own time zone, as long as nobody chose one. */
const zones = document.querySelector("select[data-guess-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zones && !document.querySelector('[aria-invalid="true"]') && [...zones.options].some(({ value }) => value === zone)) zones.value = zone;
