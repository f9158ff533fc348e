// The cameras: chosen for a search, and how each of them fares.

import { asked } from "./api.js";
import { byId, make, since, table } from "./dom.js";
import { t } from "./language.js";
import { reasonText } from "./wording.js";
import { offerZone } from "./zone.js";

const STATES = {
  live: t("在线", "live"), connecting: t("连接中", "connecting"), stalled: t("停顿", "stalled"), backing_off: t("断线", "down"), stopped: t("已停", "stopped"),
};
const MOST = 60; // boxes at once: a county has ten thousand cameras
let known = [];
const chosen = new Set();

export const cameraName = (id) => known.find((camera) => camera.id === id)?.name || id;
export const communityName = (id) => known.find((camera) => camera.community === id)?.community_name || id;
export const allCameras = () => known;

// The communities that have cameras, and `more`, as [id, name] by name.
export function communities(more = []) {
  const ids = new Set([...known.map((camera) => camera.community).filter(Boolean), ...more]);
  return [...ids].map((id) => [id, communityName(id)]).sort(([, one], [, other]) => one.localeCompare(other));
}
export const chosenCameras = () => [...chosen];

export async function readCameras() {
  known = await asked("/v1/cameras");
  return known;
}

export async function offerCameras() {
  const cameras = await readCameras();
  const ids = new Set(cameras.map((camera) => camera.id));
  for (const camera of chosen) if (!ids.has(camera)) chosen.delete(camera);
  const communities = new Map(cameras.filter((each) => each.community).map((each) => [each.community, each.community_name || each.community]));
  const now = byId("community").value;
  byId("community").replaceChildren(new Option(t("全部", "all"), ""), ...[...communities].map(([id, name]) => new Option(name, id)));
  byId("community").value = communities.has(now) ? now : "";
  byId("camera-choice").hidden = cameras.length < 2;
  byId("camera-filter").oninput = offer;
  byId("community").onchange = offer;
  offer();
}

// Those who were chosen, then those whose name fits what was typed.
function offer() {
  const wanted = byId("camera-filter").value.trim().toLowerCase();
  const community = byId("community").value;
  const fits = known.filter((camera) => !chosen.has(camera.id) && (!community || camera.community === community)
    && `${camera.id} ${camera.name} ${camera.gate} ${camera.community_name}`.toLowerCase().includes(wanted));
  const shown = [...known.filter((camera) => chosen.has(camera.id)), ...fits.slice(0, MOST)].map(choice);
  if (fits.length > MOST) shown.push(make("span", t(`另 ${fits.length - MOST} 台，请输入名称`, `${fits.length - MOST} more: type a name`), "soft"));
  byId("cameras").replaceChildren(...shown);
  count();
}

function choice(camera) {
  const label = make("label");
  const box = make("input");
  box.type = "checkbox";
  box.value = camera.id;
  box.checked = chosen.has(camera.id);
  box.addEventListener("change", () => { chosen[box.checked ? "add" : "delete"](camera.id); count(); });
  const state = camera.state && camera.state !== "live" ? ` (${STATES[camera.state] || camera.state})` : "";
  label.append(box, ` ${camera.name || camera.id}${state}`);
  return label;
}

function count() {
  offerZone([...chosen]);
  const n = chosenCameras().length;
  const community = byId("community").selectedOptions[0];
  const where = [community?.value ? community.text : "", n ? t(`${n} 台`, `${n} cameras`) : ""].filter(Boolean).join(" · ");
  byId("camera-count").textContent = where || t("全部", "all");
}

export async function showCameras() {
  const cameras = await readCameras();
  const rows = cameras.map((camera) => [
    camera.name || camera.id, camera.community_name || camera.community, state(camera), why(camera),
    camera.analysed, camera.dropped, camera.sightings,
  ]);
  const headings = [t("摄像机", "camera"), t("小区", "community"), t("状态", "state"), t("原因", "reason"), t("已分析", "analysed"), t("丢弃", "dropped"), t("目击", "sightings")];
  byId("camera-table").replaceChildren(table(headings, rows));
}

function why(camera) {
  const main = camera.main_stream_reason ? `${t("主码流", "main stream")}: ${reasonText(camera.main_stream_reason)}` : "";
  const detail = camera.detail && camera.state !== "live" ? make("small", camera.detail) : "";
  const text = make("span", [reasonText(camera.reason), main].filter(Boolean).join("；"));
  if (detail) text.append(make("br"), detail);
  return text.textContent ? text : "";
}

function state(camera) {
  const badge = make("span", camera.state ? STATES[camera.state] || camera.state : t("未接入", "not read here"), "badge");
  badge.classList.add(`state-${camera.state || "none"}`);
  if (!camera.state || camera.state === "live") return badge;
  const last = camera.last_frame_ms;
  const text = make("span");
  text.append(badge, " ", make("small", last ? `${t("最后画面", "last picture")} ${since(last)}` : t("还没有画面", "no picture yet")));
  return text;
}
