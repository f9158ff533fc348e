// The cameras: chosen for a search, and how each of them fares.

import { asked } from "./api.js";
import { byId, make, table } from "./dom.js";

const STATES = {
  live: "在线 live", connecting: "连接中 connecting", stalled: "停顿 stalled", backing_off: "断线 down", stopped: "已停 stopped",
};
let known = [];

export const cameraName = (id) => known.find((camera) => camera.id === id)?.name || id;
export const allCameras = () => known;
export const chosenCameras = () => [...byId("cameras").querySelectorAll(":checked")].map((box) => box.value);

export async function readCameras() {
  known = await asked("/v1/cameras");
  return known;
}

export async function offerCameras() {
  const cameras = await readCameras();
  byId("cameras").replaceChildren(...cameras.map(choice));
  byId("camera-choice").hidden = cameras.length < 2;
  count();
}

function choice(camera) {
  const label = make("label");
  const box = make("input");
  box.type = "checkbox";
  box.value = camera.id;
  box.addEventListener("change", count);
  const state = camera.state && camera.state !== "live" ? ` (${STATES[camera.state] || camera.state})` : "";
  label.append(box, ` ${camera.name || camera.id}${state}`);
  return label;
}

function count() {
  const n = chosenCameras().length;
  byId("camera-count").textContent = n ? `${n}` : "全部 all";
}

export async function showCameras() {
  const cameras = await readCameras();
  const rows = cameras.map((camera) => [
    camera.name || camera.id, camera.community, state(camera), why(camera),
    camera.analysed, camera.dropped, camera.sightings,
  ]);
  const headings = ["摄像机 camera", "小区 community", "状态 state", "原因 reason", "已分析 analysed", "丢弃 dropped", "目击 sightings"];
  byId("camera-table").replaceChildren(table(headings, rows));
}

function why(camera) {
  const main = camera.main_stream_reason ? `主码流 main stream: ${camera.main_stream_reason}` : "";
  return [camera.reason, main].filter(Boolean).join("；");
}

function state(camera) {
  const badge = make("span", camera.state ? STATES[camera.state] || camera.state : "未接入 not read here", "badge");
  badge.classList.add(`state-${camera.state || "none"}`);
  return badge;
}
