// What the API refuses, said in the language of the page. The API itself answers in English.

import { t } from "./language.js";

// By type. A sentence that ends with a colon is followed by what the API says, as only that has the facts.
const CHINESE = {
  "upload-too-large": "照片太大：一次最多 20 MB，请缩小后再试。",
  "too-busy": "正在检索的人太多，请几秒后再试。",
  "bad-picture": "照片无法读取，请换一张 JPEG、PNG、BMP 或 WebP：",
  "nobody-found": "照片中没有找到目标：请换一张全身、清晰、较大的照片。",
  "several-found": "照片中不止一人：请裁剪到只剩一人；或先检索、点选、确认命中，再用命中布控。",
  "space-mismatch": "存档是用另一种模型建立的，无法比较：",
  "model-missing": "缺少模型：",
  "model-unavailable": "模型无法运行：",
  "unknown-sighting": "这条记录已不存在（可能已过期删除）。",
  "sighting-held": "有案件留存这条记录，不能删除：",
  "unknown-camera": "没有这台摄像机：",
  "unknown-community": "没有这个小区：",
  "bad-time-range": "时间范围不对，开始应早于结束：",
  "nothing-asked": "描述中没有可检索的内容，请写衣服颜色、时间或地点。",
  "bad-coat": "“可能换了外衣”在这里不能用：",
  "nothing-confirmed": "请先确认至少一条命中。",
  "mixed-kinds": "所选记录既有人又有车，请只选一种。",
  "bad-zone": "画面区域不对：",
  "bad-feedback": "同一条记录既被确认又被排除：",
  "archive-full": "磁盘已满：新的记录无法保存，请立即清理磁盘或缩短保存天数。",
  "archive-unavailable": "存档暂时不可用：",
  "alerting-full": "磁盘已满：警情无法保存，请立即清理磁盘。",
  "alerting-unavailable": "警情库暂时不可用：",
  "unknown-incident": "没有这条警情。",
  "step-refused": "这条警情已被别人处理：",
  "unknown-watch": "没有这条布控。",
  "bad-watch": "布控内容不对：",
  "unknown-resident": "没有这位老人。",
  "bad-enrolment": "登记内容不对：",
  "unknown-subscription": "没有这条订阅。",
  "address-refused": "不能发往这个地址：",
  "bad-subscription": "订阅内容不对：",
  "bad-rules": "规则不对：",
  "unknown-rule": "没有这条规则。",
  "rules-changed": "别人刚改过这台摄像机的规则，已重新读取，请核对后再保存。",
  "no-still": "这台摄像机现在没有画面：",
  "bad-input": "填写有误：",
  "internal-error": "系统内部出错，请查看服务器日志。",
};

// `told` is the body of a problem (RFC 9457).
export function problemText(told) {
  const chinese = CHINESE[(told.type || "").split(":").pop()];
  if (!chinese) return told.detail;
  return chinese.endsWith("：") ? `${t(chinese, "", "")}${told.detail}` : t(chinese, told.detail);
}
