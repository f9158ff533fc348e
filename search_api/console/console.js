// The search page: asks the API of the same server, keeps the token for this browser tab only.
"use strict";

const byId = (id) => document.getElementById(id);
const STORED = "zhian-token";
let pictures = []; // object URLs of shown pictures, released with the next search
let photoAddress = null;

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function say(text, bad = false) {
  byId("message").textContent = text;
  byId("message").classList.toggle("bad", bad);
}

async function ask(path, options = {}) {
  const token = sessionStorage.getItem(STORED) || "";
  const reply = await fetch(path, { ...options, headers: { Authorization: `Bearer ${token}` } });
  if (reply.status === 401) {
    leave();
    throw new Error("令牌无效 The token is not valid.");
  }
  if (!reply.ok) {
    const problem = await reply.json().catch(() => ({ detail: `HTTP ${reply.status}` }));
    throw new Error(problem.detail);
  }
  return reply;
}

function leave() {
  sessionStorage.removeItem(STORED);
  byId("ask").hidden = byId("leave").hidden = true;
  byId("door").hidden = false;
  byId("hits").replaceChildren();
  byId("token").focus();
}

async function enter() {
  const cameras = await (await ask("/v1/cameras")).json();
  byId("cameras").replaceChildren(...cameras.map(cameraChoice));
  byId("camera-choice").hidden = cameras.length < 2;
  countCameras();
  byId("door").hidden = true;
  byId("ask").hidden = byId("leave").hidden = false;
  say("");
}

function cameraChoice(camera) {
  const label = make("label");
  const box = make("input");
  box.type = "checkbox";
  box.value = camera.id;
  box.addEventListener("change", countCameras);
  const state = camera.state && camera.state !== "live" ? ` (${camera.state})` : "";
  label.append(box, ` ${camera.name || camera.id}${state}`);
  return label;
}

const chosenCameras = () => [...byId("cameras").querySelectorAll(":checked")].map((box) => box.value);

function countCameras() {
  const n = chosenCameras().length;
  byId("camera-count").textContent = n ? `${n}` : "全部 all";
}

function showPhoto() {
  const file = byId("photo").files[0];
  if (photoAddress) URL.revokeObjectURL(photoAddress);
  photoAddress = file ? URL.createObjectURL(file) : null;
  byId("boxes").replaceChildren();
  byId("stage").hidden = !file;
  byId("drop").classList.toggle("full", Boolean(file));
  byId("drop-text").textContent = file ? "换一张 Another photo" : "选择或拖入照片 Choose or drop a photo";
  if (file) byId("preview").src = photoAddress;
}

function place(element, box) {
  const { naturalWidth: width, naturalHeight: height } = byId("preview");
  const [left, top, right, bottom] = box;
  element.style.left = `${(100 * left) / width}%`;
  element.style.top = `${(100 * top) / height}%`;
  element.style.width = `${(100 * (right - left)) / width}%`;
  element.style.height = `${(100 * (bottom - top)) / height}%`;
  return element;
}

function offerPeople(people) {
  byId("boxes").replaceChildren(...people.map((person, index) => {
    const button = make("button");
    button.type = "button";
    button.setAttribute("aria-label", `${index + 1}`);
    button.append(make("span", `${index + 1}`));
    button.addEventListener("click", () => search({ box: person.box }));
    return place(button, person.box);
  }));
  say(`照片中有 ${people.length} 个目标，请点选一个。 The photo shows ${people.length}: click the one to find.`);
}

function question({ box, sighting }) {
  const form = new FormData();
  const when = (id) => byId(id).value && new Date(byId(id).value).toISOString();
  if (sighting) form.append("sighting_id", sighting);
  else {
    form.append("photo", byId("photo").files[0]);
    form.append("kind", byId("kind").value);
  }
  if (box) form.append("box", box.join(","));
  for (const id of ["from", "to"]) if (when(id)) form.append(id, when(id));
  for (const camera of chosenCameras()) form.append("camera", camera);
  form.append("top", byId("top").value);
  form.append("reason", byId("reason").value);
  return form;
}

async function search(chosen = {}) {
  if (!byId("ask").reportValidity()) return;
  if (!chosen.sighting && !byId("photo").files[0]) {
    say("请先选择照片。 Choose a photo first.", true);
    return;
  }
  byId("go").disabled = true;
  say("检索中… Searching…");
  try {
    const reply = await (await ask("/v1/search", { method: "POST", body: question(chosen) })).json();
    showReply(reply, chosen);
  } catch (error) {
    say(error.message, true);
  } finally {
    byId("go").disabled = false;
  }
}

function showReply(reply, chosen) {
  for (const address of pictures.splice(0)) URL.revokeObjectURL(address);
  byId("hits").replaceChildren();
  if (!chosen.sighting && !reply.box) {
    offerPeople(reply.people);
    return;
  }
  if (reply.box) byId("boxes").replaceChildren(place(make("i"), reply.box));
  const n = reply.hits.length;
  say(n ? `${n} 条，按相似度排列。 ${n} hits, best first.` : "没有找到。 Nothing in the archive fits.");
  byId("hits").append(...reply.hits.map(hitCard));
}

function hitCard(hit) {
  const card = make("li");
  const shot = make("div", undefined, "shot");
  const image = make("img");
  image.alt = `${hit.rank}`;
  shot.append(image);
  ask(hit.picture).then((reply) => reply.blob()).then((blob) => {
    image.src = URL.createObjectURL(blob);
    pictures.push(image.src);
  }).catch(() => { image.alt = "图片缺失 no picture"; });
  const facts = make("div", undefined, "facts");
  const top = make("div", undefined, "top");
  top.append(make("b", `${hit.rank}`), make("span", hit.score.toFixed(3)));
  const bar = make("div", undefined, "bar");
  const filled = make("b");
  filled.style.width = `${100 * Math.max(0, Math.min(1, hit.score))}%`;
  bar.append(filled);
  const more = make("button", "找相似 More like this");
  more.type = "button";
  more.addEventListener("click", () => { window.scrollTo({ top: 0 }); search({ sighting: hit.sighting }); });
  const where = [make("div", hit.camera, "camera"), make("div", hit.community || "\u00a0", "soft")];
  const attributes = Object.values(hit.attributes).join(", ");
  const when = make("div", [duration(hit), attributes].filter(Boolean).join(" · "), "soft");
  facts.append(top, bar, ...where, make("div", local(hit.first_seen_ms)), when, more);
  card.append(shot, facts);
  return card;
}

function local(ms) {
  const at = new Date(ms);
  const two = (n) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

const duration = (hit) => `${Math.round((hit.last_seen_ms - hit.first_seen_ms) / 1000)} s`;

byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(STORED, byId("token").value.trim());
  byId("token").value = "";
  enter().catch((error) => say(error.message, true));
});
byId("ask").addEventListener("submit", (event) => { event.preventDefault(); search(); });
byId("leave").addEventListener("click", () => { leave(); say(""); });
byId("photo").addEventListener("change", showPhoto);
for (const name of ["dragenter", "dragover"]) byId("drop").addEventListener(name, () => byId("drop").classList.add("over"));
for (const name of ["dragleave", "drop"]) byId("drop").addEventListener(name, () => byId("drop").classList.remove("over"));

if (sessionStorage.getItem(STORED)) enter().catch((error) => say(error.message, true));
else leave();
