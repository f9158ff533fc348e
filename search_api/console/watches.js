// Watches (布控): standing queries, how they fare, and a form for a new one.

import { asked, ask, releasePictures, showPicture } from "./api.js";
import { cameraName, communityName, readCameras } from "./cameras.js";
import { button, byId, enlarging, fieldTime, joined, local, make, say } from "./dom.js";
import { t } from "./language.js";
import { reasonFor } from "./question.js";

const STATES = { active: t("生效中", "active"), expired: t("已到期", "expired"), withdrawn: t("已撤销", "withdrawn") };
const DAYS = 7;
let sightings = []; // confirmed hits a new watch looks out for

export function startWatches() {
  byId("watch-new").addEventListener("click", () => openForm([], ""));
  byId("watch-cancel").addEventListener("click", () => byId("watch-form").close());
  byId("watch-ask").addEventListener("submit", (event) => { event.preventDefault(); add(); });
}

export async function showWatches() {
  await readCameras();
  releasePictures("watches");
  const watches = await asked("/v1/watches");
  byId("watch-none").hidden = watches.length > 0;
  byId("watch-list").replaceChildren(...watches.map(card));
}

// Opens the form of a new watch, for sightings that were confirmed or for photos chosen in it.
export function openForm(confirmed, reason) {
  sightings = confirmed;
  byId("watch-ask").reset();
  byId("watch-reason").value = reason;
  byId("watch-sightings").textContent = confirmed.length ? t(`已确认 ${confirmed.length} 条目击`, `${confirmed.length} confirmed sightings`) : "";
  byId("watch-expires").value = fieldTime(Date.now() + DAYS * 86_400_000);
  byId("watch-form").showModal();
}

async function add() {
  const form = new FormData();
  for (const photo of byId("watch-photos").files) form.append("photo", photo);
  for (const sighting of sightings) form.append("sighting_id", sighting);
  for (const name of ["name", "words", "plate", "reason"]) {
    const value = byId(`watch-${name}`).value.trim();
    if (value) form.append(name, value);
  }
  form.append("expires", new Date(byId("watch-expires").value).toISOString());
  form.append("false_alerts_per_day", byId("watch-budget").value);
  try {
    const watch = await asked("/v1/watches", { method: "POST", body: form });
    byId("watch-form").close();
    location.hash = "#watches";
    await showWatches();
    say(t(`已布控 ${watch.name}，${local(Date.parse(watch.expires))} 到期。`, `Watching for ${watch.name} until ${local(Date.parse(watch.expires))}.`));
  } catch (error) {
    byId("watch-problem").textContent = error.message;
  }
}

function card(watch) {
  const item = make("li");
  const image = picture(watch);
  const what = make("div");
  const title = make("div", undefined, "top");
  title.append(make("b", watch.name), make("span", STATES[watch.state], `badge watch-${watch.state}`));
  const target = [watch.photos ? t(`${watch.photos} 张照片`, `${watch.photos} photos`) : "", watch.words, watch.plate].filter(Boolean).join(" · ");
  const place = [...watch.communities.map(communityName), ...watch.cameras.map(cameraName)].join("、") || t("全部摄像机", "all cameras");
  what.append(title, make("div", target), make("div", `${watch.reason} · ${watch.requester}`),
    make("div", joined(place, `${t("至", "until")} ${local(Date.parse(watch.expires))}`, `${t("告警", "alerts")} ${watch.alerts}`), "soft"), acts(watch, item));
  item.append(image, what);
  return item;
}

// The photo, or what is looked for instead of one.
function picture(watch) {
  if (!watch.photos) return make("div", watch.plate ? t("车牌", "plate") : t("描述", "words"), "thumb no-photo");
  if (watch.state !== "active") return make("div", t("已删除", "erased"), "thumb no-photo");
  const image = make("img", undefined, "thumb");
  image.alt = "";
  showPicture(image, `/v1/watches/${watch.id}/photos/0`, "watches");
  return image;
}

function acts(watch, item) {
  const line = make("div", undefined, "line");
  line.append(button(t("命中", "Hits"), () => tell(item, "hits", () => hits(watch))));
  if (watch.photos) line.append(button(t("误报预算", "Budget"), () => tell(item, "curve", () => curve(watch))));
  if (watch.state === "active") line.append(button(t("撤销", "Withdraw"), () => withdraw(watch), "grave"));
  return line;
}

async function tell(item, what, content) {
  const before = item.querySelector(".story");
  before?.remove();
  if (before?.dataset.what === what) return;
  try {
    const story = make("div", undefined, "story");
    story.dataset.what = what;
    story.append(...await content());
    item.append(story);
  } catch (error) {
    say(error.message, true);
  }
}

async function hits(watch) {
  const found = await asked(`/v1/watches/${watch.id}/hits?limit=30`);
  if (!found.length) return [make("p", t("尚无命中。", "Nothing yet."))];
  const line = make("div", undefined, "strip");
  line.append(...found.map((hit) => {
    const figure = make("figure");
    const image = make("img");
    image.alt = "";
    showPicture(image, hit.picture, "watches");
    enlarging(image, `${watch.name} · ${cameraName(hit.camera)} ${local(Date.parse(hit.first_seen))}`);
    figure.append(image, make("figcaption", `${cameraName(hit.camera)} ${local(Date.parse(hit.first_seen))} · ${hit.score.toFixed(2)}`));
    return figure;
  }));
  return [line];
}

async function curve(watch) {
  const budget = await asked(`/v1/watches/${watch.id}/curve`);
  const image = make("img", undefined, "curve");
  image.alt = t("误报与命中", "false alerts and hits");
  showPicture(image, `/v1/watches/${watch.id}/curve.svg`, "watches");
  return [make("p", t(budget.basis.zh, budget.basis.en, "\n"), "understood"), image];
}

async function withdraw(watch) {
  const what = t(`${watch.name}：照片和特征将被删除，不再报警。`, `${watch.name}: its photos are erased and it tells nothing more.`);
  const reason = await reasonFor(t("撤销布控", "Withdraw the watch"), what, t("撤销", "Withdraw"));
  if (!reason) return;
  const form = new FormData();
  form.append("reason", reason);
  await ask(`/v1/watches/${watch.id}/withdraw`, { method: "POST", body: form }).catch((error) => say(error.message, true));
  await showWatches();
}
