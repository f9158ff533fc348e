// What makes every answer worthless is said on every page: a full disk, or no camera that is live.

import { byId } from "./dom.js";
import { t } from "./language.js";

const AGAIN_MS = 10_000;

export function startHealth() {
  const look = () => fetch("/healthz").then((reply) => reply.json()).then(tell).catch(() => {});
  look();
  setInterval(look, AGAIN_MS);
}

function tell({ cameras, unstored }) {
  const all = Object.values(cameras).reduce((sum, n) => sum + n, 0);
  const faults = [
    unstored && t(`磁盘已满：${unstored} 条新记录等待保存，之后的可能丢失。请立即清理磁盘。`,
      `The disk is full: ${unstored} new sightings wait, later ones may be lost. Free some room now.`),
    all && !cameras.live && t("没有一台摄像机在线：现在什么也看不到。", "No camera is live: nothing is seen now."),
  ].filter(Boolean);
  byId("health").hidden = !faults.length;
  byId("health").textContent = faults.join(" ");
}
