import { BarController, BarElement, CategoryScale, Chart, Filler, Legend, LinearScale, LineController, LineElement, PointElement, TimeScale, Tooltip } from "chart.js";

Chart.register(BarController, BarElement, CategoryScale, Filler, Legend, LinearScale, LineController, LineElement, PointElement, TimeScale, Tooltip);

const token = (name) => resolve(getComputedStyle(document.documentElement).getPropertyValue(name));

/* A canvas knows no light-dark(): let the browser compute the colour on an element. */
function resolve(value) {
  const probe = document.createElement("span");
  probe.style.color = value;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

const legend = (series) => ({
  display: series.length > 1,
  position: "bottom",
  labels: { color: token("--ink-2"), boxWidth: 8, boxHeight: 8, usePointStyle: true },
});

function options({ series, zero = true }) {
  const grid = { color: token("--line") };
  const ticks = { color: token("--ink-2"), maxRotation: 0, autoSkipPadding: 16 };
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 200 },
    interaction: { mode: "index", intersect: false },
    plugins: { legend: legend(series) },
    scales: { x: { grid: { display: false }, ticks }, y: { beginAtZero: zero, grid, ticks: { ...ticks, precision: 0 } } },
  };
}

const COLOURS = ["--accent", "--info", "--warn", "--danger", "--ink-3"];

function dataset(series, at) {
  const colour = token(COLOURS[at % COLOURS.length]);
  return { ...series, borderColor: colour, backgroundColor: colour, borderWidth: 2, pointRadius: 3, tension: 0.25, spanGaps: false };
}

/* <canvas data-chart='{"type": "line", "labels": [...], "series": [{"label": "...", "data": [1, null, 3]}]}'>; null is a gap; "zero": false lets the axis begin elsewhere. */
function draw(canvas) {
  const chart = JSON.parse(canvas.dataset.chart);
  const { type = "line", labels, series } = chart;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  new Chart(canvas, { type, data: { labels, datasets: series.map(dataset) }, options: options(chart) });
}

const drawAll = (root) => root.querySelectorAll("canvas[data-chart]:not([data-drawn])").forEach((canvas) => {
  canvas.dataset.drawn = "yes";
  draw(canvas);
});

drawAll(document);
document.addEventListener("htmx:load", ({ detail }) => drawAll(detail.elt.parentElement ?? document));
