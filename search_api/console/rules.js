// Rules of the cameras: what each watches for, drawn over its latest picture.

import { ask, releasePictures, showBlob } from "./api.js";
import { allCameras, readCameras } from "./cameras.js";
import { byId, inUse, local, say } from "./dom.js";
import { t } from "./language.js";
import { confirmed } from "./question.js";
import { editRule, endEditing, isEditing, laidOn, startEditor } from "./rule_editor.js";
import { ruleCard } from "./rule_card.js";
import { readKinds } from "./rule_form.js";
import { ruleName, ruleShapes } from "./shapes.js";

const AGAIN_MS = 15_000; // states and counts are read again so often
let due = null;
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
  due ??= setInterval(() => { if (!isEditing() && !inUse(byId("rule-list"))) readRules().catch(() => {}); }, AGAIN_MS);
}

export function leaveRules() {
  clearInterval(due);
  due = null;
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
    const what = t("未保存的修改将丢失。", "What was not saved is lost.");
    if (!await confirmed(t("换摄像机", "Another camera"), what, t("放弃修改", "Discard"))) return;
    byId("rule-camera").value = wanted;
  }
  await open();
}

const readRules = async () => took(await ask(`/v1/rules/${encodeURIComponent(ruleCamera())}`));

async function took(reply) {
  tag = reply.headers.get("ETag");
  rules = await reply.json();
  byId("rule-list").replaceChildren(...rules.map((report) => ruleCard(report, ruleCamera(), act)));
  byId("rule-empty").hidden = rules.length > 0;
  byId("rule-restore").hidden = !rules.some((rule) => rule.changed);
  draw();
}

async function showStill() {
  const image = byId("rule-still");
  const camera = ruleCamera();
  size = null;
  image.hidden = true;
  byId("rule-taken").textContent = t("正在取画面…", "Asking for a picture…");
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
    byId("rule-taken").textContent = `${t("画面", "Picture of")} ${local(Date.parse(at))}`;
  } catch (error) {
    byId("rule-taken").textContent = `${t("没有画面，可先用数字填写。", "No picture: points can be written as numbers.")} ${error.message}`;
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

const act = {
  edit(rule) { choose(rule.name); editRule(rule); },
  toggle: (rule) => tried(() => toggle(rule)),
  look: choose,
};

function choose(name) {
  chosen = name;
  for (const item of byId("rule-list").children) item.classList.toggle("chosen", item.dataset.rule === name);
  draw();
}

// Resolves when the API has taken the rule; throws what is wrong with it.
async function save(rule, was) {
  const place = was === null ? "" : `?replaces=${encodeURIComponent(was)}`;
  await sent("POST", place, rule);
  choose(rule.name);
  say(t(`已保存规则 ${rule.name}，现在起生效。`, `Saved: ${rule.name} is at work from now on.`));
}

async function remove(name) {
  const what = t(`${name}：删除后不再报警，已有的警情保留。`, `${name}: it tells nothing any more; what it told stays.`);
  const sure = await confirmed(t("删除规则", "Remove the rule"), what, t("删除", "Remove"));
  if (!sure) return false;
  await sent("DELETE", `/${encodeURIComponent(name)}`);
  say(t(`已删除 ${name}。`, `${name} is removed.`));
  return true;
}

async function toggle(rule) {
  if (rule.enabled !== false) {
    const what = t(`${rule.name}：停用后不再报警。`, `${rule.name}: it tells nothing until it is switched on.`);
    if (!await confirmed(t("停用规则", "Switch the rule off"), what, t("停用", "Switch off"))) return;
  }
  await sent("POST", `?replaces=${encodeURIComponent(rule.name)}`, { ...rule, enabled: rule.enabled === false });
}

async function restore() {
  const what = t("在此页所做的修改将丢失。", "What was changed here is lost.");
  if (!await confirmed(t("恢复站点文件的规则", "Back to the site file"), what, t("恢复", "Restore"))) return;
  endEditing();
  await sent("DELETE", "");
  say(t("已恢复。", "Restored."));
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
