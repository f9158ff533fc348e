// Spans of time that are asked for most: a press instead of two dates.

import { button, byId, local } from "./dom.js";

const HOUR = 3_600_000;
const midnight = (daysAgo) => {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - daysAgo);
  return day.getTime();
};
const SPANS = {
  "近 1 小时 1 h": () => [Date.now() - HOUR, null],
  "近 6 小时 6 h": () => [Date.now() - 6 * HOUR, null],
  "今天 today": () => [midnight(0), null],
  "昨天 yesterday": () => [midnight(1), midnight(0)],
  "不限 any time": () => [null, null],
};

export function startSpans() {
  byId("spans").append(...Object.entries(SPANS).map(([text, ends]) => button(text, () => {
    const [from, to] = ends();
    fill("from", from);
    fill("to", to);
  })));
}

function fill(id, ms) {
  byId(id).value = ms === null ? "" : local(ms).slice(0, 16).replace(" ", "T");
}
