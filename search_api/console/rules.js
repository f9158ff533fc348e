// Rules of the cameras: what each watches for, drawn over its latest picture.

import { ask, asked, releasePictures, showBlob, showPicture } from "./api.js";
import { allCameras, readCameras } from "./cameras.js";
import { button, byId, local, make, say } from "./dom.js";
import { confirmed } from "./question.js";
import { editRule, endEditing, isEditing, laidOn, startEditor } from "./rule_editor.js";
import { readKinds } from "./rule_form.js";
import { RULE_STATES } from "./rule_wording.js";
import { ruleName, ruleShapes } from "./shapes.js";
import { KINDS } from "./wording.js";

let rules = [];
let tag = null; // of the rules as they are shown
let size = null; // of the picture, null while there is none
let chosen = null; // name of the rule that is looked at
let shown = ""; // camera whose rules are shown

export const ruleCamera = () => byId("rule-camera").value;

export function startRules() {
  byId("rule-camera").addEventListener("change", () => tried(change));
  byId("rule-again").addEventListener("click", () => tried(showStill));
  byId("rule-new").addEventListener("click", () => { choose(null); editRule(null); });
  byId("rule-restore").addEventListener("click", () => tried(restore));
  new ResizeObserver(draw).observe(byId("rule-stage"));
  startEditor({ draw, save, stop: draw, remove });
}

export async function showRules() {
  await Promise.all([readCameras(), readKinds()]);
  const before = ruleCamera();
  const cameras = allCameras().filter((camera) => camera.state !== null);
  byId("rule-camera").replaceChildren(...cameras.map((camera) => new Option(camera.name || camera.id, camera.id)));
  if (cameras.some((camera) => camera.id === before)) byId("rule-camera").value = before;
  byId("rule-none").hidden = cameras.length > 0;
  byId("rule-work").hidden = byId("rule-choice").hidden = cameras.length === 0;
  if (cameras.length) await open();
}

export function leaveRules() {
  endEditing();
  releasePictures("rules");
  releasePictures("rule-events");
}

const tried = (deed) => deed().catch((error) => say(error.message, true));

async function open() {
  endEditing();
  say("");
  chosen = null;
  shown = ruleCamera();
  await readRules();
  await showStill();
}

async function change() {
  const wanted = ruleCamera();
  if (isEditing()) {
    byId("rule-camera").value = shown;
    if (!await confirmed("换摄像机 Another camera", "未保存的修改将丢失。 What was not saved is lost.", "放弃修改 Discard")) return;
    byId("rule-camera").value = wanted;
  }
  await open();
}

const readRules = async () => took(await ask(`/v1/rules/${encodeURIComponent(ruleCamera())}`));

async function took(reply) {
  tag = reply.headers.get("ETag");
  rules = await reply.json();
  byId("rule-list").replaceChildren(...rules.map(card));
  byId("rule-empty").hidden = rules.length > 0;
  byId("rule-restore").hidden = !rules.some((rule) => rule.changed);
  draw();
}

async function showStill() {
  const image = byId("rule-still");
  const camera = ruleCamera();
  size = null;
  image.hidden = true;
  byId("rule-taken").textContent = "正在取画面… Asking for a picture…";
  draw();
  try {
    const reply = await ask(`/v1/cameras/${encodeURIComponent(camera)}/still`);
    const at = reply.headers.get("Zhian-Captured-At");
    const blob = await reply.blob();
    if (camera !== ruleCamera()) return;
    releasePictures("rules");
    showBlob(image, blob, "rules");
    await image.decode();
    size = [image.naturalWidth, image.naturalHeight];
    image.hidden = false;
    byId("rule-taken").textContent = `画面 Picture of ${local(Date.parse(at))}`;
  } catch (error) {
    byId("rule-taken").textContent = `没有画面，可先用数字填写。 No picture: points can be written as numbers. ${error.message}`;
  }
  draw();
}

function draw() {
  const svg = byId("rule-drawing");
  const [width, height] = size || [640, 360];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  byId("rule-stage").classList.toggle("blank", !size);
  const scale = width / (svg.getBoundingClientRect().width || width);
  const edited = laidOn([width, height], scale, !size);
  const others = rules.map((rule) => rule.rule).filter((rule) => rule.name !== edited?.was);
  const parts = others.flatMap((rule) => [ruleShapes(rule, scale, classOf(rule)), ruleName(rule, scale)]);
  if (edited) parts.push(ruleShapes(edited.rule, scale, "shape edited"));
  byId("rule-shapes").replaceChildren(...(size || edited ? parts : []).filter(Boolean));
}

function classOf(rule) {
  const off = rule.enabled === false ? " off" : "";
  return `shape${rule.name === chosen ? " chosen" : ""}${off}`;
}

function card(report) {
  const { rule } = report;
  const item = make("li", undefined, `rule rule-${report.state}`);
  item.dataset.rule = rule.name;
  const title = make("div", undefined, "top");
  title.append(make("b", rule.name), make("span", RULE_STATES[report.state], `badge rule-${report.state}`));
  const counted = report.count === null ? "" : `现有 now ${report.count}`;
  const last = report.last_event ? `最近 last ${local(Date.parse(report.last_event))}` : "";
  const line = make("div", undefined, "line");
  line.append(button("修改 Edit", () => { choose(rule.name); editRule(rule); }),
    button(rule.enabled === false ? "启用 Switch on" : "停用 Switch off", () => tried(() => toggle(rule))),
    button("近期事件 Events", () => tried(() => events(rule, item))));
  item.append(title, make("div", KINDS[rule.kind] || rule.kind),
    make("div", [`事件 events ${report.events}`, counted, last].filter(Boolean).join(" · "), "soft"));
  if (report.fault) item.append(make("p", report.fault, "bad"));
  item.append(line);
  item.addEventListener("pointerenter", () => choose(rule.name));
  return item;
}

function choose(name) {
  chosen = name;
  for (const item of byId("rule-list").children) item.classList.toggle("chosen", item.dataset.rule === name);
  draw();
}

async function events(rule, item) {
  const before = item.querySelector(".story");
  before?.remove();
  if (before) return;
  const query = new URLSearchParams({ source: "rule", camera: ruleCamera(), name: rule.name, limit: 12 });
  const { alerts } = await asked(`/v1/alerts?${query}`);
  const story = make("div", undefined, "story");
  if (!alerts.length) story.append(make("p", "还没有报警。 No alert yet."));
  const strip = make("div", undefined, "strip");
  strip.append(...alerts.map(eventFigure));
  const link = make("a", "到警情处理 Handle them under Incidents");
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

// Resolves when the API has taken the rule; throws what is wrong with it.
async function save(rule, was) {
  const place = was === null ? "" : `?replaces=${encodeURIComponent(was)}`;
  await sent("POST", place, rule);
  choose(rule.name);
  say(`已保存规则 ${rule.name}，现在起生效。 Saved, at work from now on.`);
}

async function remove(name) {
  const sure = await confirmed("删除规则 Remove the rule", `${name}：删除后不再报警，已有的警情保留。 It tells nothing any more; what it told stays.`, "删除 Remove");
  if (!sure) return false;
  await sent("DELETE", `/${encodeURIComponent(name)}`);
  say(`已删除 ${name}。 Removed.`);
  return true;
}

async function toggle(rule) {
  if (rule.enabled !== false) {
    const sure = await confirmed("停用规则 Switch the rule off", `${rule.name}：停用后不再报警。 It tells nothing until it is switched on.`, "停用 Switch off");
    if (!sure) return;
  }
  await sent("POST", `?replaces=${encodeURIComponent(rule.name)}`, { ...rule, enabled: rule.enabled === false });
}

async function restore() {
  const sure = await confirmed("恢复站点文件的规则 Back to the site file", "在此页所做的修改将丢失。 What was changed here is lost.", "恢复 Restore");
  if (!sure) return;
  endEditing();
  await sent("DELETE", "");
  say("已恢复。 Restored.");
}

// With the ETag of what is shown: a change of somebody else's is never overwritten unseen.
async function sent(method, place, body) {
  const headers = { "If-Match": tag, "Content-Type": "application/json" };
  const path = `/v1/rules/${encodeURIComponent(ruleCamera())}${place}`;
  const reply = await ask(path, { method, headers, body: body && JSON.stringify(body) }).catch(async (error) => {
    if (error.status === 409) await readRules();
    throw error;
  });
  if (reply.status === 204) await readRules();
  else await took(reply);
}
