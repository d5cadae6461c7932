import htmx from "htmx.org";

const csrf = document.querySelector('meta[name="csrf-token"]')?.content;

window.htmx = htmx;

document.addEventListener("htmx:configRequest", (event) => {
  if (csrf) event.detail.headers["X-CSRFToken"] = csrf;
});

/* fetch() for our own JSON endpoints, with the CSRF header that every write needs. */
export function send(url, { method = "POST", json, ...rest } = {}) {
  const headers = { "X-CSRFToken": csrf, Accept: "application/json", "X-Requested-With": "fetch" };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  return fetch(url, { method, headers, body: json === undefined ? undefined : JSON.stringify(json), ...rest });
}
