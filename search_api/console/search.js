// The search: a question from photos and words, its answer, and a better question from what was confirmed.

import { asked } from "./api.js";
import { chosenCameras, offerCameras } from "./cameras.js";
import { coverageBars } from "./coverage.js";
import { button, byId, local, make, say } from "./dom.js";
import { showHits } from "./hits.js";
import { keep } from "./keep.js";
import { t } from "./language.js";
import { showLatest } from "./latest.js";
import { choosePhotos, offerPeople, photos } from "./photos.js";
import { hideRoute, showRoute } from "./route.js";
import { startSpans } from "./spans.js";
import { openForm } from "./watches.js";
import { chosenZone, startZone } from "./zone.js";

let watching = false;
let found = []; // the hits that are shown, best first
const judged = new Map(); // sighting → confirmed or rejected
const told = (verdict) => [...judged].filter(([, said]) => said === verdict).map(([sighting]) => sighting);

export function startSearch() {
  choosePhotos(() => { found = []; layHits(); anew(); });
  startZone();
  byId("print").addEventListener("click", () => window.print());
  startSpans();
  byId("order").addEventListener("change", layHits);
  byId("words").addEventListener("change", anew);
  byId("ask").addEventListener("submit", (event) => { event.preventDefault(); search(); });
}

// Somebody else is looked for: what was said of the hits before counts no more.
function anew() {
  judged.clear();
  offerNext();
}

export const enterSearch = offerCameras;

// Opens this page and looks for those who look like a sighting shown on another one.
export async function searchLike(sighting, reason) {
  byId("reason").value = reason;
  location.hash = "#search";
  await search(sighting);
}
export const offerWatches = (can) => { watching = can; };

function question(sighting) {
  const form = new FormData();
  const when = (id) => byId(id).value && new Date(byId(id).value).toISOString();
  if (sighting) form.append("sighting_id", sighting);
  else {
    for (const photo of photos()) form.append("photo", photo.file);
    if (photos().some((photo) => photo.box)) {
      for (const photo of photos()) form.append("box", photo.box ? photo.box.join(",") : "");
    }
    if (photos().length || byId("kind").value !== "person") form.append("kind", byId("kind").value);
    if (byId("words").value.trim()) form.append("words", byId("words").value.trim());
    if (byId("coat").checked && photos().length) form.append("coat_may_have_changed", "true");
    for (const each of told("confirmed")) form.append("confirmed", each);
    for (const each of told("rejected")) form.append("rejected", each);
  }
  for (const id of ["from", "to"]) if (when(id)) form.append(id, when(id));
  for (const camera of chosenCameras()) form.append("camera", camera);
  if (byId("community").value && !chosenCameras().length) form.append("community", byId("community").value);
  if (chosenZone()) form.append("zone", chosenZone());
  form.append("top", byId("top").value);
  form.append("reason", byId("reason").value);
  return form;
}

async function search(sighting) {
  if (!byId("ask").reportValidity()) return;
  if (!sighting && !photos().length && !byId("words").value.trim()) {
    say(t("请先选择照片或写下描述。", "Choose a photo or write some words first."), true);
    return;
  }
  byId("go").disabled = true;
  byId("sheet").hidden = true;
  hideRoute();
  say(t("检索中…", "Searching…"));
  try {
    show(await asked("/v1/search", { method: "POST", body: question(sighting) }), sighting);
  } catch (error) {
    say(error.message, true);
  } finally {
    byId("go").disabled = false;
  }
}

function show(reply, sighting) {
  byId("understood").textContent = reply.understood ? t(reply.understood.zh, reply.understood.en, "\n") : "";
  const unclear = sighting ? -1 : reply.photos.findIndex((photo) => !photo.box && photo.people.length > 1);
  if (unclear >= 0) {
    const { people } = reply.photos[unclear];
    found = [];
    layHits();
    offerNext();
    byId("coverage").replaceChildren();
    offerPeople(photos()[unclear], people, search);
    say(t(`照片中有 ${people.length} 个目标，请点选一个。`, `The photo shows ${people.length}: click the one to find.`));
    byId("drop").scrollIntoView({ behavior: "smooth" }); // where they are
    return;
  }
  if (!sighting) reply.photos.forEach((photo, index) => offerPeople(photos()[index], photo.people, another, photo.box));
  byId("coverage").replaceChildren(...(reply.coverage ? [coverageBars(reply.coverage, !reply.hits.length)] : []));
  const n = reply.hits.length;
  const among = reply.searched ? t(`（共检索 ${reply.searched} 条）`, `(among ${reply.searched})`) : "";
  say(`${n ? t(`${n} 条，按相似度排列。`, `${n} hits, best first.`) : t("没有找到。", "Nothing in the archive fits.")} ${among}`);
  found = reply.hits;
  layHits();
  byId("sheet").hidden = !n;
  byId("sheet-facts").textContent = `${byId("reason").value} · ${local(Date.now())}`;
  offerNext();
  const below = byId("hits").getBoundingClientRect().top > window.innerHeight / 2;
  if (n && below) byId("message").scrollIntoView({ behavior: "smooth" });
}

function layHits() {
  const act = { judge, more: (hit) => { window.scrollTo({ top: 0 }); search(hit.sighting); } };
  const shown = byId("order").value === "best" ? found : [...found].sort((one, other) => other.last_seen_ms - one.last_seen_ms);
  showHits(shown, act, (hit) => judged.get(hit.sighting) || null);
}

// The wrong one was picked in the photo: what was said of the hits was said of somebody else.
function another() {
  anew();
  search();
}

function route() {
  showRoute(told("confirmed"), told("rejected"), byId("reason").value).catch((error) => say(error.message, true));
}

function judge(hit, verdict) {
  if (verdict) judged.set(hit.sighting, verdict);
  else judged.delete(hit.sighting);
  offerNext();
}

function offerNext() {
  const yes = told("confirmed").length;
  const no = told("rejected").length;
  showLatest(found, (hit) => hit.confirmed || judged.get(hit.sighting) === "confirmed", byId("reason").value);
  byId("next").hidden = !yes && !no;
  byId("next").replaceChildren(
    make("span", `✓ ${yes}  ✗ ${no}`),
    button(t("据此再检索", "Search again with these"), () => search(), "strong"),
    ...(yes ? [button(t("看路线", "Route"), route)] : []),
    ...(yes ? [button(t("留存", "Keep for a case"), () => keep(told("confirmed"), byId("reason").value))] : []),
    ...(yes && watching ? [button(t("布控", "Watch"), () => openForm(told("confirmed"), byId("reason").value))] : []),
  );
}
