/* Opens a dialog and waits for one of its buttons; its value comes back, "" where it was left. */
export function ask(id, question, choices = []) {
  const dialog = document.getElementById(id);
  if (question) dialog.querySelector("[data-question]").textContent = question;
  dialog.querySelectorAll("[data-choice]").forEach((place, at) => (place.textContent = choices[at] ?? ""));
  dialog.returnValue = "";
  dialog.showModal();
  dialog.onclick = ({ target }) => target.closest("button") && dialog.close(target.closest("button").value);
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}
