// One rule in the list: how it fares, and what it told lately.

import { asked, showPicture } from "./api.js";
import { button, joined, local, make, say } from "./dom.js";
import { t } from "./language.js";
import { RULE_STATES } from "./rule_wording.js";
import { KINDS } from "./wording.js";

// `act` has edit and toggle, each called with the rule, and look, called with its name.
export function ruleCard(report, camera, act) {
  const { rule } = report;
  const item = make("li", undefined, `rule rule-${report.state}`);
  item.dataset.rule = rule.name;
  const title = make("div", undefined, "top");
  title.append(make("b", rule.name), make("span", RULE_STATES[report.state], `badge rule-${report.state}`));
  const counted = report.count === null ? "" : `${t("现有", "now")} ${report.count}`;
  const last = report.last_event ? `${t("最近", "last")} ${local(Date.parse(report.last_event))}` : "";
  const line = make("div", undefined, "line");
  line.append(button(t("修改", "Edit"), () => act.edit(rule)),
    button(rule.enabled === false ? t("启用", "Switch on") : t("停用", "Switch off"), () => act.toggle(rule)),
    button(t("近期事件", "Events"), () => events(rule, camera, item).catch((error) => say(error.message, true))));
  item.append(title, make("div", KINDS[rule.kind] || rule.kind),
    make("div", joined(`${t("事件", "events")} ${report.events}`, counted, last), "soft"));
  if (report.fault) item.append(make("p", report.fault, "bad"));
  item.append(line);
  item.addEventListener("pointerenter", () => act.look(rule.name));
  return item;
}

async function events(rule, camera, item) {
  const before = item.querySelector(".story");
  before?.remove();
  if (before) return;
  const query = new URLSearchParams({ source: "rule", camera, name: rule.name, limit: 12 });
  const { alerts } = await asked(`/v1/alerts?${query}`);
  const story = make("div", undefined, "story");
  if (!alerts.length) story.append(make("p", t("还没有报警。", "No alert yet.")));
  const strip = make("div", undefined, "strip");
  strip.append(...alerts.map(eventFigure));
  const link = make("a", t("到警情处理", "Handle them under Incidents"));
  link.href = "#incidents";
  story.append(strip, ...(alerts.length ? [link] : []));
  item.append(story);
}

function eventFigure(alert) {
  const figure = make("figure");
  const image = make("img");
  image.alt = "";
  if (alert.picture) showPicture(image, alert.picture, "rule-events");
  figure.append(image, make("figcaption", local(alert.at_ms)));
  return figure;
}
