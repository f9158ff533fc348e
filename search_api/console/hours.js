// Parts of the week: days and hours, as rules and subscriptions have them.

import { make } from "./dom.js";
import { t } from "./language.js";

const DAYS = { mon: t("一", "Mo"), tue: t("二", "Tu"), wed: t("三", "We"), thu: t("四", "Th"), fri: t("五", "Fr"), sat: t("六", "Sa"), sun: t("日", "Su") };

const LAST = "23:59"; // stands for the end of the day

// The element and `read`, which returns the hours, null when there are none. `more` are fields that belong to them.
export function hoursField(title, hours, more = []) {
  const box = make("fieldset", undefined, "hours");
  const on = tick(title, Boolean(hours));
  const inner = make("div", undefined, "hours-inner");
  const days = Object.entries(DAYS).map(([day, text]) => [day, tick(text, !hours?.days || hours.days.includes(day))]);
  const [from, to] = [clock(hours ? hours.from || "00:00" : "22:00"), clock(hours ? hours.to || LAST : "06:00")];
  const week = make("div", undefined, "days");
  week.append(...days.map(([, day]) => day.label));
  const pair = make("div", undefined, "pair");
  pair.append(labelled(t("从", "From"), from), labelled(t("到", "To"), to));
  inner.append(week, pair, ...more.map((field) => field.element));
  const follow = () => { inner.hidden = !on.box.checked; };
  on.box.addEventListener("change", follow);
  follow();
  box.append(on.label, inner);
  return { element: box, read: () => (on.box.checked ? told(hours, days, from, to, more) : null) };
}

function told(before, days, from, to, more) {
  const chosen = days.filter(([, day]) => day.box.checked).map(([name]) => name);
  const values = { from: from.value, to: to.value === LAST ? "24:00" : to.value };
  if (chosen.length < days.length) values.days = chosen;
  if (before?.timezone) values.timezone = before.timezone;
  for (const field of more) values[field.name] = field.read();
  return values;
}

export function tick(text, checked) {
  const label = make("label", undefined, "tick");
  const box = make("input");
  box.type = "checkbox";
  box.checked = checked;
  label.append(box, make("span", text));
  return { label, box };
}

export function labelled(text, input) {
  const label = make("label", text);
  label.append(input);
  return label;
}

function clock(value) {
  const input = make("input");
  input.type = "time";
  input.required = true;
  input.value = value.slice(0, 5);
  return input;
}
