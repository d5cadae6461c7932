import { BarController, BarElement, CategoryScale, Chart, Filler, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip } from "chart.js";

Chart.register(BarController, BarElement, CategoryScale, Filler, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip);

const token = (name) => resolve(getComputedStyle(document.documentElement).getPropertyValue(name));
const lang = document.documentElement.lang || "en";
const number = new Intl.NumberFormat(lang);
const short = new Intl.NumberFormat(lang, { notation: "compact" });

/* A canvas knows no light-dark(): let the browser compute the colour on an element. */
function resolve(value) {
  const probe = document.createElement("span");
  probe.style.color = value;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function options({ series, zero = true }) {
  const grid = { color: token("--line") };
  const ticks = { color: token("--ink-2"), maxRotation: 0, autoSkipPadding: 16 };
  const counts = { ...ticks, precision: 0, maxTicksLimit: 5, callback: (value) => (zero ? short : number).format(value) };
  return {
    locale: lang,
    responsive: true,
    maintainAspectRatio: false,
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 200 },
    interaction: { mode: "index", intersect: false },
    plugins: { legend: legend(series), tooltip: { usePointStyle: true, callbacks: { label: said } } },
    scales: { x: { grid: { display: false }, ticks }, y: { beginAtZero: zero, grid, border: { display: false }, ticks: counts } },
  };
}

const legend = (series) => ({ display: series.length > 1, position: "bottom", labels: { color: token("--ink-2"), boxWidth: 8, boxHeight: 8, usePointStyle: true, padding: 12 } });

const said = ({ dataset, parsed }) => ` ${dataset.label}: ${number.format(parsed.y)}`;

/* Each series has a colour and a shape of its own, so that colour is never the only difference. */
const COLOURS = ["--accent", "--info", "--warn", "--danger", "--ink-3"];
const SHAPES = ["circle", "rect", "triangle", "rectRot", "crossRot", "star"];

function dataset(series, at) {
  const colour = token(COLOURS[at % COLOURS.length]);
  const line = { borderColor: colour, backgroundColor: colour, borderWidth: 2, tension: 0.25, spanGaps: false };
  return { ...series, ...line, pointRadius: 3.5, pointStyle: SHAPES[at % SHAPES.length] };
}

/* <canvas data-chart='{"type": "line", "labels": [...], "series": [{"label": "...", "data": [1, null, 3]}]}'>; null is a gap; "zero": false lets the axis begin elsewhere. */
function draw(canvas) {
  const chart = JSON.parse(canvas.dataset.chart);
  const { type = "line", labels, series } = chart;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.getChart(canvas)?.destroy();
  new Chart(canvas, { type, data: { labels, datasets: series.map(dataset) }, options: options(chart) });
}

const drawAll = (root) => root.querySelectorAll("canvas[data-chart]:not([data-drawn])").forEach((canvas) => {
  canvas.dataset.drawn = "yes";
  draw(canvas);
});

drawAll(document);
document.addEventListener("htmx:load", ({ detail }) => drawAll(detail.elt.parentElement ?? document));
document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
  if (target.matches?.("canvas[data-drawn]")) Chart.getChart(target)?.destroy();
});

/* The colours are read once, so another theme needs another drawing. */
const redraw = () => document.querySelectorAll("canvas[data-drawn]").forEach(draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
