/* The class names that calendar.css speaks of; the library brings none of its own. */
const join = (...names) => names.filter(Boolean).join(" ");
const day = (name) => ({ isToday, isPast, isOther }) => join(name, isToday && "is-today", isPast && "is-past", isOther && "is-other");

export const classes = {
  class: "cal",
  viewClass: ({ view }) => `cal-view cal-${view.type}`,
  eventClass: ({ isDragging, isMirror, event }) => join("cal-event", isDragging && "is-dragging", isMirror && "is-mirror", event.startEditable && "is-movable"),
  eventInnerClass: "cal-event-inner",
  dayHeaderClass: day("cal-day-header"),
  dayHeaderInnerClass: "cal-day-header-inner",
  dayHeaderRowClass: "cal-row",
  dayRowClass: "cal-row",
  dayCellClass: day("cal-day"),
  dayCellTopClass: "cal-day-top",
  dayCellTopInnerClass: "cal-day-number",
  moreLinkClass: "cal-more",
  popoverClass: "cal-popover",
  popoverCloseClass: "cal-popover-close button icon-only quiet small",
  dayLaneClass: day("cal-lane"),
  slotLaneClass: ({ isMinor }) => join("cal-slot", isMinor && "is-minor"),
  slotHeaderClass: "cal-slot-header",
  slotHeaderInnerClass: "cal-slot-header-inner",
  nowIndicatorLineClass: "cal-now",
  nowIndicatorHeaderClass: "cal-now-header",
  highlightClass: "cal-highlight",
  listDayClass: "cal-list-day",
  listDayHeaderClass: day("cal-list-header"),
  listDayHeaderInnerClass: ({ level }) => join("cal-list-header-inner", level > 0 && "is-again"),
  noEventsClass: "cal-no-events",
};
