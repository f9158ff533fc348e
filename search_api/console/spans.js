// Spans of time that are asked for most: a press instead of two dates.

import { button, byId, local } from "./dom.js";
import { t } from "./language.js";

const HOUR = 3_600_000;
const midnight = (daysAgo) => {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - daysAgo);
  return day.getTime();
};
const SPANS = [
  [t("近 1 小时", "last hour"), () => [Date.now() - HOUR, null]],
  [t("近 6 小时", "last 6 h"), () => [Date.now() - 6 * HOUR, null]],
  [t("今天", "today"), () => [midnight(0), null]],
  [t("昨天", "yesterday"), () => [midnight(1), midnight(0)]],
  [t("不限", "any time"), () => [null, null]],
];

export function startSpans() {
  byId("spans").append(...SPANS.map(([text, ends]) => button(text, () => {
    const [from, to] = ends();
    fill("from", from);
    fill("to", to);
  })));
}

function fill(id, ms) {
  byId(id).value = ms === null ? "" : local(ms).slice(0, 16).replace(" ", "T");
}
