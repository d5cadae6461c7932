import { make } from "./dom.js";
import { toast } from "../toasts.js";
import { say } from "./settings.js";

/* Says what was done and offers to take it back; a newer one replaces it. */
export function toastWithUndo(text, undo) {
  document.querySelectorAll(".toast.can-undo").forEach((old) => old.remove());
  toast(text, "ok");
  const box = document.getElementById("toasts").lastElementChild;
  const button = make("button", { class: "button small", type: "button" }, say("undo"));
  button.addEventListener("click", () => {
    box.remove();
    undo();
  });
  box.classList.add("can-undo");
  box.querySelector(".toast-text").after(button);
}
