/* What the page tells the calendar, by data attributes. */
export const root = document.getElementById("calendar");

const { feed, move, new: write, post, thumb, icons, locale, firstDay, zone, memory } = root.dataset;

export const settings = { feed, move, write, icons, locale, firstDay: Number(firstDay), zone, memory };

/* A letter or two for each platform that the icons have no drawing of. */
export const marks = JSON.parse(root.dataset.marks);

const texts = JSON.parse(root.dataset.texts);

/* A sentence with its named places filled in. */
export const say = (name, places = {}) => texts[name].replace(/\{(\w+)\}/g, (all, key) => places[key] ?? all);

export const postUrl = (id) => post.replace(/\/0$/, `/${id}`);
export const thumbnailUrl = (asset) => thumb.replace("/0/", `/${asset}/`);

export const isPhone = () => matchMedia("(max-width: 760px)").matches;

/* What each state is called, as the legend spells it. */
export const stateName = (state) => document.querySelector(`.legend-item[data-state="${state}"] span`)?.textContent ?? state;
