// A part of one camera's picture, dragged over its latest picture: only who stood there is looked for.

import { ask, releasePictures, showBlob } from "./api.js";
import { button, byId, drawn, make } from "./dom.js";
import { t } from "./language.js";

const LEAST = 0.01; // of the picture: a smaller one was a slip of the finger
let camera = null;
let zone = null; // [left, top, right, bottom], shares of the picture

export const chosenZone = () => zone;

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
  const frame = drawn("rect", { class: "zone" });
  svg.append(frame);
  drag(svg, frame);
  const image = make("img");
  image.alt = "";
  const picture = make("div", undefined, "zone-picture");
  picture.append(image, svg);
  byId("zone-stage").replaceChildren(picture, button(t("清除", "Clear"), () => { zone = null; show(frame); }));
  const shown = camera;
  ask(`/v1/cameras/${encodeURIComponent(shown)}/still`).then((reply) => reply.blob())
    .then((blob) => { if (camera === shown) showBlob(image, blob, "zone"); })
    .catch(() => {
      picture.classList.add("blank");
      byId("zone-stage").append(make("p", t("没有此摄像机的画面，按位置估计。", "No picture of this camera: drag by eye."), "soft"));
    });
}

function drag(svg, frame) {
  svg.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    const [x0, y0] = place(svg, event);
    const move = (to) => {
      const [x, y] = place(svg, to);
      zone = [Math.min(x0, x), Math.min(y0, y), Math.max(x0, x), Math.max(y0, y)];
      show(frame);
    };
    const end = () => {
      svg.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) svg.removeEventListener(name, end);
      if (zone && (zone[2] - zone[0] < LEAST || zone[3] - zone[1] < LEAST)) zone = null;
      show(frame);
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
  const [left, top, right, bottom] = zone || [0, 0, 0, 0];
  const at = { x: left, y: top, width: right - left, height: bottom - top };
  for (const [name, value] of Object.entries(at)) frame.setAttribute(name, value);
  tell();
}

function tell() {
  byId("zone-said").textContent = zone ? zone.map((share) => `${Math.round(100 * share)} %`).join(" ") : t("整幅", "all of it");
}
