// What was watched and what was not: a bar a camera, so that "not seen" and "not watched" are never confused.

import { drawn, local, make } from "./dom.js";
import { t } from "./language.js";
import { reasonText } from "./wording.js";

const STATES = {
  live: t("有人看", "watched"), shedding: t("丢帧", "shedding"), behind: t("未入库", "not indexed"), down: t("断线", "down"), unknown: t("无记录", "no record"),
};
const MOST = 12; // bars at first, worst cameras first

// One line that says how much was not watched; opened it says where and when. Who found nobody sees it opened.
export function coverageBars(coverage, opened = false) {
  const box = make("details", undefined, "coverage");
  box.open = opened;
  const summary = make("summary", `${t("覆盖", "Coverage")} ${headline(coverage)}`);
  if (coverage.share_watched < 1) summary.classList.add("lacking");
  box.append(summary, make("p", t(coverage.zh, coverage.en, "\n"), "understood"));
  const cameras = [...coverage.cameras].sort((one, other) => one.share_watched - other.share_watched);
  box.append(...cameras.slice(0, MOST).map((camera) => row(camera, coverage)));
  if (cameras.length > MOST) {
    const rest = make("details");
    rest.append(make("summary", t(`另 ${cameras.length - MOST} 台`, `${cameras.length - MOST} more cameras`)));
    rest.append(...cameras.slice(MOST).map((camera) => row(camera, coverage)));
    box.append(rest);
  }
  box.append(legend());
  return box;
}

function headline(coverage) {
  if (!coverage.cameras.length) return t("没有看守记录", "no record of what was watched");
  const percent = `${Math.floor(1000 * coverage.share_watched) / 10} %`;
  const lacking = coverage.cameras.filter((camera) => camera.share_watched < 1).length;
  const more = lacking === coverage.cameras.length && coverage.cameras_left_out ? "+" : "";
  const gaps = lacking ? t(`${lacking}${more} 台有缺口`, `${lacking}${more} camera${lacking === 1 && !more ? "" : "s"} with gaps`) : t("全程有人看", "watched all the time");
  const only = coverage.shortened ? t(`（只核对 ${local(coverage.from_ms)} 起）`, ` (only since ${local(coverage.from_ms)})`, "") : "";
  return `${percent} · ${gaps}${only}`;
}

function row(camera, { from_ms: from, to_ms: to }) {
  const line = make("div", undefined, "covered");
  const bar = drawn("svg", { viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": camera.camera });
  for (const each of camera.intervals) {
    const x = (1000 * (each.from_ms - from)) / (to - from);
    const width = Math.max(1, (1000 * (each.to_ms - each.from_ms)) / (to - from));
    const part = drawn("rect", { x, y: 0, width, height: 10, class: `cover-${each.state}` });
    const reason = each.reason ? ` (${reasonText(each.reason)})` : "";
    part.append(drawn("title", {}, `${local(each.from_ms)} – ${local(each.to_ms)}: ${STATES[each.state]}${reason}`));
    bar.append(part);
  }
  const name = make("span", camera.name || camera.camera);
  const indexed = camera.watermark_ms === null ? "" : `${t("入库至", "indexed to")} ${local(Math.min(camera.watermark_ms, to)).slice(5)}`;
  name.append(make("small", indexed));
  line.append(name, bar, make("span", `${Math.floor(100 * camera.share_watched)} %`));
  return line;
}

function legend() {
  const line = make("div", undefined, "legend");
  for (const [state, text] of Object.entries(STATES)) line.append(make("i", undefined, `cover-${state}`), make("span", text));
  return line;
}
