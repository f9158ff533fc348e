// Who searched for what, when and why.

import { asked } from "./api.js";
import { cameraName } from "./cameras.js";
import { byId, local, table } from "./dom.js";
import { t } from "./language.js";

const KEYS = {
  action: t("动作", "action"), kind: t("对象", "kind"), words: t("描述", "words"), photo: t("照片", "photo"), box: t("框", "box"), more_photos: t("更多照片", "more photos"),
  sighting: t("相似于", "like"), confirmed: t("确认", "confirmed"), rejected: t("排除", "rejected"), cameras: t("摄像机", "cameras"), zone: t("画面区域", "zone"),
  communities: t("小区", "communities"), from_ms: t("从", "from"), to_ms: t("到", "to"), top: t("条数", "top"), outcome: t("结果", "outcome"),
  camera: t("摄像机", "camera"), resident: t("老人", "resident"), companion: t("陪同人", "companion"), consent_by: t("同意人", "consent by"), why: t("原因", "why"),
  coat_may_have_changed: t("可能换外衣", "other coat"), trajectory: t("路线", "route"), fill: t("补全", "fill"), case: t("案件", "case"),
  sightings: t("记录", "sightings"),
};
const SILENT = new Set(["top", "fill"]);
const SAID = {
  "still shown": t("查看画面", "picture of a camera looked at"), list: t("浏览记录", "sightings listed"),
  "watch added": t("布控", "watch added"), "watch withdrawn": t("撤销布控", "watch withdrawn"),
  expire: t("删除过期", "expired ones erased"), forget: t("应要求删除", "erased on order"), hold: t("留存", "kept for a case"),
  release: t("解除留存", "released by a case"), "resident enrolled": t("登记老人", "resident enrolled"),
  "resident changed": t("修改登记", "resident changed"), "resident withdrawn": t("结束在管", "care ended"),
  "resident looked up": t("查看老人行踪", "resident looked up"), "companion added": t("加陪同人", "companion added"),
  "companion removed": t("移除陪同人", "companion removed"), "photos added": t("加照片", "photos added"),
  answered: t("已答复", "answered"), "not answered": t("未能答复", "not answered"),
  "several in the photo": t("照片中不止一人，待选", "several in the photo"), ordered: t("已下令", "ordered"),
  "picture of a camera, to draw rules on": t("查看摄像机画面", "picture of a camera"),
  "resident in care": t("在管老人", "resident in care"),
  person: t("行人", "person"), motor_vehicle: t("机动车", "motor vehicle"), non_motor_vehicle: t("非机动车", "non-motor vehicle"),
};

export async function showLog() {
  const lines = await asked("/v1/searches?limit=200");
  const rows = lines.map((line) => [local(line.at_ms), line.who, SAID[line.reason] || line.reason, summary(line.what), line.hits]);
  byId("log-table").replaceChildren(table([t("时间", "when"), t("谁", "who"), t("用途", "reason"), t("内容", "what"), t("命中", "hits")], rows));
}

function summary(what) {
  return Object.entries(what)
    .filter(([name, value]) => !SILENT.has(name) && value !== null && value !== "" && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${KEYS[name] || name}: ${told(name, value)}`)
    .join(" · ");
}

function told(name, value) {
  if (["action", "kind", "outcome"].includes(name)) return SAID[value] || value;
  if (name.endsWith("_ms")) return local(value);
  if (name === "photo") return value.replace(/^sha256:(.{8}).*$/, "sha256 $1…");
  if (name === "box") return value.map(Math.round).join(", ");
  if (name === "camera") return cameraName(value);
  if (name === "cameras") return value.map(cameraName).join(", ");
  if (name === "more_photos") return `${value.length}`;
  if (Array.isArray(value)) return value.length > 3 ? `${value.slice(0, 3).join(", ")} … (${value.length})` : value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : `${value}`;
}
