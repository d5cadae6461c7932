/* <div role="tablist"><button role="tab" aria-controls="panel-id">: arrows move, a click shows its panel. */
document.addEventListener("click", ({ target }) => {
  const tab = target.closest('[role="tab"][aria-controls]');
  if (tab) select(tab);
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.('[role="tab"]');
  const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !move) return;
  const tabs = siblings(tab);
  select(tabs[(tabs.indexOf(tab) + move + tabs.length) % tabs.length], true);
});

const siblings = (tab) => [...tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')];

function select(chosen, focus = false) {
  for (const tab of siblings(chosen)) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute("aria-controls"));
    if (panel) panel.hidden = tab !== chosen;
  }
  if (focus) chosen.focus();
}
