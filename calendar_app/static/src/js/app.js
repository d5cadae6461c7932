import "./parts/htmx.js";
import "./parts/toasts.js";
import "./parts/overlays.js";
import "./parts/forms.js";
import "./parts/tabs.js";
import "./parts/shortcuts.js";
import "./parts/palette.js";
