import "../css/parts/composer.css";
import { UploadQueue, takeFiles } from "./parts/upload.js";

const box = document.getElementById("library-uploads");
if (box) start();

function start() {
  const input = document.getElementById("library-files");
  const queue = new UploadQueue(box, box.querySelector(".uploads"), refresh);
  input.addEventListener("change", () => {
    queue.add(input.files);
    input.value = "";
  });
  takeFiles(document.body, document.getElementById("shelf"), (files) => queue.add(files));
}

function refresh() {
  return window.htmx.ajax("GET", box.dataset.index, "#shelf");
}
