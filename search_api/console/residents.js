// Residents in care (在管老人): where each is as far as the cameras know, and what is told of them.

import { ask, asked, releasePictures, showPicture } from "./api.js";
import { cameraName, communityName, readCameras } from "./cameras.js";
import { button, byId, clock, enlarging, inUse, joined, local, make, say } from "./dom.js";
import { t } from "./language.js";
import { reasonFor } from "./question.js";
import { openCompanion, openPhotos, openResident, startResidentForms } from "./resident_form.js";
import { searchLike } from "./search.js";
import { openForm } from "./watches.js";

const STATES = { active: t("在管", "in care"), expired: t("已到期", "expired"), withdrawn: t("已撤销", "withdrawn") };
const COMPANY = { alone: ["独自", "alone"], companion: ["由登记的陪同人陪同", "with a companion"], "co-traveller": ["有人同行", "with somebody"] };
const AGAIN_MS = 20_000; // the states are looked at again so often
let due = null;
let ahead = 0; // ms that this machine's clock is before the server's
const nowMs = () => Date.now() - ahead;

export function startResidents() {
  byId("resident-new").addEventListener("click", () => openResident(null));
  byId("resident-over").addEventListener("change", () => tried(refresh));
  startResidentForms(refresh);
}

export async function showResidents() {
  await readCameras();
  await refresh();
  due ??= setInterval(() => { if (!inUse(byId("resident-list"))) refresh().catch(() => {}); }, AGAIN_MS);
}

export function leaveResidents() {
  clearInterval(due);
  due = null;
  releasePictures("residents");
}

const tried = (deed) => deed().catch((error) => say(error.message, true));

async function refresh() {
  const reply = await ask("/v1/residents");
  ahead = Date.now() - Date.parse(reply.headers.get("Date"));
  const all = await reply.json();
  const over = byId("resident-over").checked;
  const shown = all.filter((resident) => over || resident.state === "active").sort((one, other) => rank(other) - rank(one));
  releasePictures("residents");
  byId("resident-list").replaceChildren(...shown.map(card));
  byId("resident-none").hidden = shown.length > 0;
}

// Those somebody should look for stand first.
const rank = (resident) => ({ missing: 3, alone: 2, out: 1 })[wordsOf(resident).mood] || 0;

// In plain words where she is as far as the cameras know, and how grave that is.
function wordsOf(resident) {
  const seen = resident.last_seen;
  if (resident.state !== "active") return { told: STATES[resident.state], mood: "over" };
  const since = seen ? Date.parse(seen.at) : Date.parse(resident.enrolled);
  const hours = (nowMs() - since) / 3_600_000;
  const long = resident.not_seen_h !== null && hours >= resident.not_seen_h;
  if (!seen) return { told: t("登记后还没有见到", "not seen since the enrolment"), mood: long ? "missing" : "home" };
  if (resident.away) return outWords(resident, seen, since, long ? hours : null);
  if (long) return { told: t(`${gone(hours)}未见`, `not seen for ${goneEnglish(hours)}`), mood: "missing" };
  return { told: t(`在小区内，${moment(since)}见到`, `in the community, seen at ${moment(since)}`), mood: "home" };
}

// `unseen` is for how many hours nobody has seen her, null while that is not too long.
function outWords(resident, seen, since, unseen) {
  const [zh, en] = seen.exit ? ["外出", "out"] : ["在别的小区", "in another community"];
  const [zhCompany, enCompany] = seen.company ? COMPANY[seen.company].map((text, at) => ["，", ", "][at] + text) : ["", ""];
  const late = isLate(resident.home_by, since);
  const mood = late || unseen !== null ? "missing" : seen.company === "alone" ? "alone" : "out";
  const [zhUnseen, enUnseen] = unseen === null ? ["", ""] : [`，${gone(unseen)}未见`, `, not seen for ${goneEnglish(unseen)}`];
  const [zhLate, enLate] = late ? [`，应在 ${resident.home_by} 前回家`, `, should be home by ${resident.home_by}`] : ["", ""];
  const from = moment(since);
  return { told: t(`${from}起${zh}${zhCompany}${zhUnseen}${zhLate}`, `${en} since ${from}${enCompany}${enUnseen}${enLate}`), mood };
}

// The first such time of day after she left.
function isLate(homeBy, left) {
  if (!homeBy) return false;
  const due = new Date(left);
  due.setHours(...homeBy.split(":").map(Number), 0, 0);
  if (due.getTime() <= left) due.setDate(due.getDate() + 1);
  return nowMs() >= due.getTime();
}

const isToday = (ms) => new Date(ms).toDateString() === new Date(nowMs()).toDateString();
const moment = (ms) => (isToday(ms) ? clock(ms).slice(0, 5) : local(ms).slice(5, 16));
const gone = (hours) => (hours < 48 ? `${Math.floor(hours)} 小时` : `${Math.floor(hours / 24)} 天`);
const goneEnglish = (hours) => (hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} days`);

function card(resident) {
  const { told: words, mood } = wordsOf(resident);
  const item = make("li", undefined, `resident mood-${mood}`);
  item.dataset.resident = resident.id;
  const image = make("img", undefined, "thumb");
  image.alt = "";
  if (resident.photos) showPicture(image, `/v1/residents/${resident.id}/photos/0`, "residents");
  const what = make("div");
  const state = make("div", words, "mood");
  const seen = resident.last_seen;
  const place = seen && `${t("最后", "last")}: ${cameraName(seen.camera)} ${local(Date.parse(seen.at))}`;
  what.append(make("b", resident.name), state, make("div", joined(communityName(resident.community), place), "soft"),
    make("div", `${t("监护人", "guardian")}: ${resident.guardian}`), make("div", told(resident), "soft"));
  if (resident.companions.length) what.append(companions(resident));
  if (resident.ended_why) what.append(make("div", `${resident.ended_by}：${resident.ended_why}`, "soft"));
  what.append(acts(resident, item));
  item.append(image, what);
  return item;
}

function told(resident) {
  if (resident.state !== "active") return t("照片和特征已删除。", "Photos and what was made of them are erased.");
  const quiet = resident.quiet_from ? `${t("夜间", "quiet")} ${resident.quiet_from}–${resident.quiet_to}` : "";
  return [
    resident.alone && t("独自离开就报", "leaving alone"), resident.home_by && t(`${resident.home_by} 前回家`, `home by ${resident.home_by}`),
    resident.not_seen_h && t(`${resident.not_seen_h} 小时未见就报`, `not seen for ${resident.not_seen_h} h`), quiet,
    `${t("至", "until")} ${local(Date.parse(resident.expires)).slice(0, 10)}`,
  ].filter(Boolean).join(" · ");
}

function companions(resident) {
  const line = make("div", `${t("陪同人", "Accompanied by")}: `, "companions");
  for (const name of resident.companions) {
    const one = make("span", name, "chip");
    const remove = button("✕", () => tried(() => removeCompanion(resident, name)));
    remove.setAttribute("aria-label", `${t("移除陪同人", "remove")} ${name}`);
    one.append(remove);
    line.append(one);
  }
  return line;
}

function acts(resident, item) {
  const line = make("div", undefined, "line");
  if (resident.state !== "active") return line;
  line.append(button(t("最近出现", "Last seen"), () => tried(() => sightings(resident, item))),
    button(t("修改", "Edit"), () => openResident(resident)), button(t("加照片", "Add photos"), () => openPhotos(resident)),
    button(t("加陪同人", "Add companion"), () => openCompanion(resident)),
    button(t("结束", "End"), () => tried(() => withdraw(resident)), "grave"));
  return line;
}

async function sightings(resident, item) {
  const before = item.querySelector(".story");
  before?.remove();
  if (before) return;
  const seen = await asked(`/v1/residents/${resident.id}/sightings?limit=24`);
  const story = make("div", undefined, "story");
  if (!seen.length) story.append(make("p", t("摄像机还没有见到。", "No camera has seen her yet.")));
  const strip = make("div", undefined, "strip");
  strip.append(...seen.map((one) => figure(resident, one)));
  story.append(strip, make("p", t("由外貌辨认，须由人核对。", "Recognised by looks: a person has to check."), "soft"));
  item.append(story);
}

function figure(resident, seen) {
  const box = make("figure");
  const image = make("img");
  image.alt = "";
  showPicture(image, seen.picture, "residents");
  enlarging(image, `${resident.name} · ${cameraName(seen.camera)} ${local(Date.parse(seen.at))}`);
  const out = seen.exit ? ` ↗ ${t("外出", "out")}` : "";
  box.append(image, make("figcaption", `${cameraName(seen.camera)} ${local(Date.parse(seen.at))}${out}`),
    button(t("检索", "Search"), () => tried(() => lookFor(resident, seen))),
    button(t("布控", "Watch"), () => openForm([seen.sighting], resident.name)));
  return box;
}

async function lookFor(resident, seen) {
  const what = t(`在所有摄像机里找与 ${resident.name} 相似的人。`, `Looks for people who look like ${resident.name} at all cameras.`);
  const why = await reasonFor(t("检索", "Search"), what, t("检索", "Search"));
  if (why) await searchLike(seen.sighting, why);
}

async function withdraw(resident) {
  const what = t(`${resident.name}：照片、特征和出现记录将被删除，不能恢复。`, `${resident.name}: photos and where she was seen are erased for good.`);
  const why = await reasonFor(t("结束在管", "End the care"), what, t("结束", "End"));
  if (!why) return;
  const form = new FormData();
  form.append("reason", why);
  await ask(`/v1/residents/${resident.id}/withdraw`, { method: "POST", body: form });
  await refresh();
  say(t(`${resident.name} 已结束在管。`, `${resident.name} is no longer in care.`));
}

async function removeCompanion(resident, name) {
  const what = t(`${name}：照片将被删除；以后与其外出按独自外出处理。`, `${name}: the photos are erased; leaving with this person counts as leaving with a stranger.`);
  const why = await reasonFor(t("移除陪同人", "Remove a companion"), what, t("移除", "Remove"));
  if (!why) return;
  const query = new URLSearchParams({ reason: why });
  await ask(`/v1/residents/${resident.id}/companions/${encodeURIComponent(name)}?${query}`, { method: "DELETE" });
  await refresh();
}
