import "./parts/htmx.js";
