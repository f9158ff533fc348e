// Who searched for what, when and why.

import { asked } from "./api.js";
import { cameraName } from "./cameras.js";
import { byId, local, table } from "./dom.js";

const KEYS = {
  action: "动作 action", kind: "对象 kind", words: "描述 words", photo: "照片 photo", box: "框 box", more_photos: "更多照片 more photos",
  sighting: "相似于 like", confirmed: "确认 confirmed", rejected: "排除 rejected", cameras: "摄像机 cameras", zone: "画面区域 zone",
  communities: "小区 communities", from_ms: "从 from", to_ms: "到 to", top: "条数 top", outcome: "结果 outcome",
  camera: "摄像机 camera", resident: "老人 resident", companion: "陪同人 companion", consent_by: "同意人 consent by", why: "原因 why",
  coat_may_have_changed: "可能换外衣 other coat", trajectory: "路线 route", fill: "补全 fill", case: "案件 case",
  sightings: "记录 sightings",
};
const SILENT = new Set(["top", "fill"]);

export async function showLog() {
  const lines = await asked("/v1/searches?limit=200");
  const rows = lines.map((line) => [local(line.at_ms), line.who, line.reason, summary(line.what), line.hits]);
  byId("log-table").replaceChildren(table(["时间 when", "谁 who", "用途 reason", "内容 what", "命中 hits"], rows));
}

function summary(what) {
  return Object.entries(what)
    .filter(([name, value]) => !SILENT.has(name) && value !== null && value !== "" && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${KEYS[name] || name}: ${told(name, value)}`)
    .join(" · ");
}

function told(name, value) {
  if (name.endsWith("_ms")) return local(value);
  if (name === "photo") return value.replace(/^sha256:(.{8}).*$/, "sha256 $1…");
  if (name === "box") return value.map(Math.round).join(", ");
  if (name === "camera") return cameraName(value);
  if (name === "cameras") return value.map(cameraName).join(", ");
  if (name === "more_photos") return `${value.length}`;
  if (Array.isArray(value)) return value.length > 3 ? `${value.slice(0, 3).join(", ")} … (${value.length})` : value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : `${value}`;
}
