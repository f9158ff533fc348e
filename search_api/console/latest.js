// The answer a patrol waits for: where and when the one who is looked for was seen last, as a sentence to hand on.

import { cameraName, communityName } from "./cameras.js";
import { button, byId, copyText, local, make, say, since } from "./dom.js";
import { t } from "./language.js";
import { looksOf } from "./wording.js";

const SURE = ["likely", "possible"]; // of a weaker hit nobody is sent anywhere

// Of those that were confirmed, else of the surest that were found: the last time any of them was seen.
function latestOf(hits, confirmed) {
  const ranks = [(hit) => confirmed(hit), ...SURE.map((word) => (hit) => hit.confidence?.word === word)];
  const fits = ranks.find((each) => hits.some(each));
  if (!fits) return null;
  const seen = hits.filter(fits).flatMap((hit) => [hit, ...hit.shots].map((sighting) => ({ hit, sighting })));
  return seen.reduce((one, other) => (other.sighting.last_seen_ms > one.sighting.last_seen_ms ? other : one));
}

export function showLatest(hits, confirmed, reason) {
  const found = latestOf(hits, confirmed);
  byId("latest").hidden = !found;
  if (!found) return;
  const { hit, sighting } = found;
  const sure = confirmed(hit) ? t("已确认", "confirmed") : t(hit.confidence.zh, hit.confidence.en);
  const where = [communityName(sighting.community), cameraName(sighting.camera)].filter(Boolean).join(" ");
  const when = `${local(sighting.last_seen_ms)} (${since(sighting.last_seen_ms)})`;
  const text = make("span");
  text.append(`${t("最后见于", "Last seen")} `, make("b", where), t("，", ", ", ""), make("b", when), " ", make("span", sure, "badge"));
  const lines = [reason, `${t("最后见于", "Last seen")}: ${where}, ${local(sighting.last_seen_ms)}`, looksOf(sighting),
    `${sure}${t("，由外貌比对，请核对", ", by looks alone: check", " ")}`];
  const copy = button(t("复制给巡逻", "Copy for the patrol"), () => copyText(lines.filter(Boolean).join("\n"))
    .then(() => say(t("已复制。", "Copied."))));
  byId("latest").replaceChildren(text, copy);
}
