// The way somebody took over the cameras, and where she can be by now.

import { releasePictures, send, showPicture } from "./api.js";
import { cameraName } from "./cameras.js";
import { coverageBars } from "./coverage.js";
import { button, byId, clock, duration, local, make, table } from "./dom.js";
import { t } from "./language.js";
import { mapOf } from "./map.js";

const CHANCES = { ahead: t("在前方", "ahead"), not_watched: t("可能经过，无人看", "not watched"), not_seen: t("有人看，未见", "not seen") };
const VERDICTS = { feasible: t("可行", "feasible"), infeasible: `⚠ ${t("不可能", "impossible")}`, unknown: t("路程未知", "way unknown") };

export async function showRoute(confirmed, rejected, reason) {
  const reply = await send("POST", "/v1/trajectory", { sightings: confirmed, rejected, reason });
  show(await reply.json());
}

export function hideRoute() {
  releasePictures("route");
  byId("route").hidden = true;
}

function show(way) {
  releasePictures("route");
  const title = make("div", undefined, "top");
  title.append(make("h2", t("路线", "Route")), button("GeoJSON", () => save(way.geojson)), button(t("关闭", "Close"), hideRoute));
  const map = mapOf(way.geojson, cameraName);
  const parts = [title, map || make("p", t("站点文件没有摄像机位置，无法画图。", "The site file has no positions: no map."), "soft"), stops(way)];
  if (way.suggestions.length) parts.push(make("h3", t(`${local(way.at_ms)} 可能在`, `Where she can be by ${local(way.at_ms)}`)), suggestions(way));
  byId("route").replaceChildren(...parts, coverageBars(way.coverage));
  byId("route").hidden = false;
  byId("route").scrollIntoView({ behavior: "smooth" });
}

function stops(way) {
  const list = make("ol", undefined, "stops");
  way.stops.forEach((stop, index) => {
    const item = make("li");
    const image = make("img", undefined, "thumb");
    image.alt = `${stop.number}`;
    if (stop.picture) showPicture(image, stop.picture, "route");
    const sure = stop.confirmed ? `✓ ${t("已确认", "confirmed")}` : `${t("相似", "alike")} ${stop.score?.toFixed(2) ?? ""}`;
    const facts = make("div");
    facts.append(make("b", `${stop.number} ${cameraName(stop.camera)}`), make("div", local(stop.first_seen_ms)), make("div", sure, "soft"));
    item.append(image, facts);
    list.append(item);
    const leg = way.legs[index];
    if (leg) list.append(make("li", legText(leg), `leg-${leg.verdict} between`));
  });
  return list;
}

function legText(leg) {
  const far = leg.metres === null ? "" : `${leg.estimated ? "≈ " : ""}${Math.round(leg.metres)} m`;
  const fast = leg.kmh === null ? "" : `${leg.kmh.toFixed(1)} km/h`;
  return ["→", duration(Math.max(0, 1000 * leg.seconds)), far, fast, VERDICTS[leg.verdict]].filter(Boolean).join(" ");
}

function suggestions(way) {
  const rows = way.suggestions.map((each) => [
    each.rank, each.name || each.camera, CHANCES[each.chance], `${Math.round(each.metres)} m`,
    `${local(each.expected_from_ms).slice(5, 16)} – ${clock(each.expected_to_ms).slice(0, 5)}`,
    each.share_watched === null ? "" : `${Math.floor(100 * each.share_watched)} %`,
  ]);
  return table(["", t("摄像机", "camera"), "", t("路程", "way"), t("预计", "expected"), t("覆盖", "watched")], rows);
}

function save(geojson) {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(geojson)], { type: "application/geo+json" }));
  link.download = "route.geojson";
  link.click();
  URL.revokeObjectURL(link.href);
}
