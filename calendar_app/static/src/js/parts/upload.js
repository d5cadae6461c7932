/* Files go up one at a time, each with its own bar and its own way to stop. */
const JSON_TYPE = "application/json";

export class UploadQueue {
  /* `words` is an element whose data-upload is the address and whose data-text-* are the sentences. */
  constructor(words, list, onDone) {
    Object.assign(this, { words, list, onDone, waiting: [], running: null });
  }

  add(files) {
    for (const file of files) this.waiting.push(new Upload(file, this.words, this.list));
    this.next();
  }

  get busy() {
    return Boolean(this.running) || this.waiting.length > 0;
  }

  async next() {
    if (this.running) return;
    this.running = this.waiting.shift();
    if (!this.running) return;
    const done = await this.running.run();
    this.running = null;
    if (done) this.onDone(done);
    this.next();
  }
}

class Upload {
  constructor(file, words, list) {
    Object.assign(this, { file, words, canceled: false });
    this.row = document.getElementById("upload-item").content.firstElementChild.cloneNode(true);
    this.row.querySelector(".upload-name").textContent = file.name;
    this.row.querySelector("[data-upload-cancel]").addEventListener("click", () => this.cancel());
    this.say(words.dataset.textWaiting);
    list.append(this.row);
  }

  say(text) {
    this.row.querySelector(".upload-said").textContent = text;
  }

  cancel() {
    this.canceled = true;
    this.request?.abort();
    this.row.remove();
  }

  /* What the file became, or nothing where it was stopped or refused. */
  async run() {
    if (this.canceled) return null;
    let answer = await this.send();
    if (answer.status === 400 && (await refreshToken())) answer = await this.send();
    if (this.canceled) return null;
    if (answer.status === 201) this.row.remove();
    else this.refuse(answer);
    return answer.status === 201 ? answer.body : null;
  }

  send() {
    const request = (this.request = new XMLHttpRequest());
    request.open("POST", `${this.words.dataset.upload}?name=${encodeURIComponent(this.file.name || "")}`);
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("Accept", JSON_TYPE);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => this.progress(event));
    return new Promise((resolve) => {
      for (const end of ["load", "error", "abort", "timeout"]) request.addEventListener(end, () => resolve(answerOf(request)));
      request.send(this.file);
    });
  }

  progress({ loaded, total }) {
    const percent = total ? Math.floor((loaded / total) * 100) : 0;
    this.row.querySelector("progress").value = percent;
    this.say(percent < 100 ? `${percent} %` : this.words.dataset.textChecking);
  }

  refuse({ status, body, expired }) {
    const { textExpired, textLarge, textOffline, textTrouble } = this.words.dataset;
    const reason = status === 422 || status === 403 ? body?.error : null;
    const sentence = { 0: textOffline, 400: textExpired, 401: textExpired, 413: textLarge }[expired ? 401 : status];
    this.row.classList.add("is-refused");
    this.row.querySelector("progress").remove();
    this.say(reason ?? sentence ?? textTrouble);
  }
}

/* A session that has ended answers with the login page: no JSON. */
function answerOf(request) {
  const isJson = (request.getResponseHeader("Content-Type") ?? "").startsWith(JSON_TYPE);
  return { status: request.status, body: isJson ? JSON.parse(request.responseText) : null, expired: request.status === 200 && !isJson };
}

const token = () => document.querySelector('meta[name="csrf-token"]').content;

/* Somebody who logged in anew in another tab has a new token: take it from a fresh copy of this page. */
export async function refreshToken() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector('meta[name="csrf-token"]')?.content;
  if (!fresh || fresh === token()) return false;
  document.querySelector('meta[name="csrf-token"]').content = fresh;
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = fresh;
  return true;
}

/* Files that are dropped on `zone` or pasted into it go to `take`; the zone lights up meanwhile. */
export function takeFiles(zone, light, take) {
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (on) => light.classList.toggle("is-over", on);
  zone.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(true);
  });
  zone.addEventListener("dragleave", (event) => zone.contains(event.relatedTarget) || over(false));
  zone.addEventListener("drop", (event) => {
    over(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  zone.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
}
