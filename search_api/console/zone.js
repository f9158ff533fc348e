// A part of one camera's picture, dragged over its latest picture or taken from a rule: only who stood there is looked for.

import { ask, asked, releasePictures, showBlob } from "./api.js";
import { button, byId, drawn, make } from "./dom.js";
import { t } from "./language.js";

const LEAST = 0.01; // of the picture: a smaller one was a slip of the finger
let camera = null;
let zone = null; // its corners [x, y] in order, shares of the picture
let said = ""; // what it is called

// As the API wants it; null is all of the picture.
export const chosenZone = () => zone && zone.map((corner) => corner.join(",")).join(" ");

// Offers a zone while exactly one camera is chosen.
export function offerZone(cameras) {
  const now = cameras.length === 1 ? cameras[0] : null;
  if (now === camera) return;
  camera = now;
  zone = null;
  releasePictures("zone");
  byId("zone-choice").hidden = !camera;
  byId("zone-choice").open = false;
  byId("zone-stage").replaceChildren();
  tell();
}

export function startZone() {
  byId("zone-choice").addEventListener("toggle", () => {
    if (byId("zone-choice").open && camera && !byId("zone-stage").children.length) stage();
  });
}

function stage() {
  const svg = drawn("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", role: "img", "aria-label": t("画面区域", "zone") });
  const frame = drawn("polygon", { class: "zone" });
  svg.append(frame);
  drag(svg, frame);
  const image = make("img");
  image.alt = "";
  const picture = make("div", undefined, "zone-picture");
  picture.append(image, svg);
  const line = make("div", undefined, "line");
  line.append(button(t("清除", "Clear"), () => { zone = null; show(frame); }));
  byId("zone-stage").replaceChildren(picture, line);
  const shown = camera;
  ask(`/v1/cameras/${encodeURIComponent(shown)}/still`).then((reply) => reply.blob())
    .then(async (blob) => {
      if (camera !== shown) return;
      showBlob(image, blob, "zone");
      await image.decode();
      offerRules(shown, image, line, frame);
    })
    .catch(() => {
      picture.classList.add("blank");
      byId("zone-stage").append(make("p", t("没有此摄像机的画面，按位置估计。", "No picture of this camera: drag by eye."), "soft"));
    });
}

// Zones that were drawn for rules, in pixels of the picture. A zhian without rules has none.
async function offerRules(shown, image, line, frame) {
  const rules = await asked(`/v1/rules/${encodeURIComponent(shown)}`).catch(() => []);
  if (camera !== shown) return;
  const size = [image.naturalWidth, image.naturalHeight];
  const share = (value, axis) => Math.round(1000 * Math.min(Math.max(value / size[axis], 0), 1)) / 1000;
  line.append(...rules.filter(({ rule }) => rule.zone).map(({ rule }) => button(rule.name, () => {
    zone = rule.zone.map((corner) => corner.map(share));
    said = rule.name;
    show(frame);
  })));
}

function drag(svg, frame) {
  svg.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    const [x0, y0] = place(svg, event);
    const move = (to) => {
      const [x, y] = place(svg, to);
      const [left, top, right, bottom] = [Math.min(x0, x), Math.min(y0, y), Math.max(x0, x), Math.max(y0, y)];
      zone = right - left < LEAST || bottom - top < LEAST ? null : [[left, top], [right, top], [right, bottom], [left, bottom]];
      said = [left, top, right, bottom].map((value) => `${Math.round(100 * value)} %`).join(" ");
      show(frame);
    };
    const end = () => {
      svg.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) svg.removeEventListener(name, end);
    };
    svg.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, end);
  });
}

function place(svg, event) {
  const box = svg.getBoundingClientRect();
  const share = (value, length) => Math.round(1000 * Math.min(Math.max(value / length, 0), 1)) / 1000;
  return [share(event.clientX - box.left, box.width), share(event.clientY - box.top, box.height)];
}

function show(frame) {
  frame.setAttribute("points", chosenZone() || "");
  tell();
}

function tell() {
  byId("zone-said").textContent = zone ? said : t("整幅", "all of it");
}
