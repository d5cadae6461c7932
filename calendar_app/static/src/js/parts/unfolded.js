/* What was unfolded stays unfolded when its panel is drawn anew. */
const unfolded = new Map();

const remember = ({ detail }) => {
  const target = detail.target;
  if (target.matches?.("details[id]")) unfolded.set(target.id, target.open);
  for (const details of target.querySelectorAll?.("details[id]") ?? []) unfolded.set(details.id, details.open);
};

document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:afterSwap", () => {
  for (const [id, isOpen] of unfolded) {
    const details = document.getElementById(id);
    if (details) details.open = isOpen;
  }
  unfolded.clear();
});
