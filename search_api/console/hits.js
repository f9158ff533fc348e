// What was found: a card a hit, with why it matched and how sure that is.

import { releasePictures, showPicture } from "./api.js";
import { cameraName, communityName } from "./cameras.js";
import { button, byId, clock, duration, enlarging, local, make, since } from "./dom.js";
import { t } from "./language.js";
import { lookName, looksOf, worded } from "./wording.js";

const MARKS = { agree: "✓", disagree: "✗", unseen: "?" };

// `act` has confirm, reject, more and watch, each called with the hit; `chosen` tells what was said of a hit before.
export function showHits(hits, act, chosen) {
  releasePictures("hits");
  byId("hits").replaceChildren(...hits.map((hit) => card(hit, act, chosen)));
}

function card(hit, act, chosen) {
  const item = make("li");
  const shot = make("div", undefined, "shot");
  const image = make("img");
  image.alt = `${hit.rank}`;
  shot.append(image);
  enlarging(image, `${cameraName(hit.camera)} ${local(hit.first_seen_ms)}`);
  showPicture(image, hit.picture, "hits");
  const facts = make("div", undefined, "facts");
  facts.append(...score(hit), ...reasons(hit), make("div", cameraName(hit.camera), "camera"),
    make("div", communityName(hit.community) || "\u00a0", "soft"), make("div", `${local(hit.first_seen_ms)} – ${clock(hit.last_seen_ms)}`), make("div", since(hit.last_seen_ms), "soft"),
    make("div", stay(hit), "soft"), actions(hit, item, act, chosen), ...around(hit));
  item.append(shot, facts);
  return item;
}

function score(hit) {
  const top = make("div", undefined, "top");
  top.append(make("b", `${hit.rank}`));
  if (hit.confidence) top.append(make("span", t(hit.confidence.zh, hit.confidence.en), `badge sure-${hit.confidence.word}`));
  top.append(make("span", hit.score.toFixed(3)));
  const bar = make("div", undefined, "bar");
  const filled = make("b");
  filled.style.width = `${100 * Math.max(0, Math.min(1, hit.score))}%`;
  bar.append(filled);
  return [top, bar];
}

function reasons(hit) {
  if (!hit.why.length) return [];
  const line = make("div", undefined, "reasons");
  line.append(...hit.why.map((why) => {
    const instead = why.verdict === "disagree" && why.seen ? `: ${worded(why.seen)}` : "";
    return make("span", `${MARKS[why.verdict] || "?"} ${lookName(why.look) || t(why.zh, why.en)}${instead}`, why.verdict);
  }));
  return [line];
}

function stay(hit) {
  const cameras = new Set([hit, ...hit.shots].map((shot) => shot.camera)).size;
  const more = cameras > 1 ? t(`像同一人，${cameras} 台摄像机另 ${hit.shots.length} 张`, `${hit.shots.length} more of one who looks the same, at ${cameras} cameras`)
    : t(`同次另 ${hit.shots.length} 张`, `${hit.shots.length} more of this visit`);
  const shots = hit.shots.length ? more : "";
  return [duration(hit.last_seen_ms - hit.first_seen_ms), looksOf(hit), shots].filter(Boolean).join(" · ");
}

// Who passed the same camera just before and after, and the visit's other pictures: looked at on demand.
function around(hit) {
  const near = [[t("前", "before"), hit.before], ...hit.shots.map((shot) => [shot.camera === hit.camera ? t("同次", "same visit") : cameraName(shot.camera), shot]), [t("后", "after"), hit.after]]
    .filter(([, sighting]) => sighting);
  if (!near.length) return [];
  const box = make("details");
  box.append(make("summary", t("前后", "Around"), "soft"));
  box.addEventListener("toggle", () => {
    if (!box.open || box.children.length > 1) return;
    const line = make("div", undefined, "around");
    line.append(...near.map(([text, sighting]) => {
      const figure = make("figure");
      const image = make("img");
      image.alt = "";
      if (sighting.picture) showPicture(image, sighting.picture, "hits");
      enlarging(image, `${text} ${local(sighting.first_seen_ms)}`);
      figure.append(image, make("figcaption", `${text} ${clock(sighting.first_seen_ms)}–${clock(sighting.last_seen_ms)}`));
      return figure;
    }));
    box.append(line);
  });
  return [box];
}

function actions(hit, item, act, chosen) {
  const line = make("div", undefined, "acts");
  const yes = button(`✓ ${t("是", "Yes")}`, () => told("confirmed"));
  const no = button(`✗ ${t("不是", "No")}`, () => told("rejected"));
  function told(verdict) {
    const now = item.classList.contains(verdict) ? null : verdict;
    act.judge(hit, now);
    mark(now);
  }
  function mark(verdict) {
    item.classList.toggle("confirmed", verdict === "confirmed");
    item.classList.toggle("rejected", verdict === "rejected");
    yes.setAttribute("aria-pressed", verdict === "confirmed");
    no.setAttribute("aria-pressed", verdict === "rejected");
  }
  mark(chosen(hit));
  line.append(yes, no, button(t("找相似", "More like this"), () => act.more(hit)));
  return line;
}
