// The photos of the one who is looked for: shown, and clicked where a photo shows several.

import { byId, make, button } from "./dom.js";
import { t } from "./language.js";

const MOST = 8;
const TALL = 88; // of somebody who stands alone, in pixels of the screen
let chosen = []; // {file, address, box}

export const photos = () => chosen;

export function choosePhotos(changed) {
  byId("photo").addEventListener("change", () => {
    for (const { address } of chosen) URL.revokeObjectURL(address);
    chosen = [...byId("photo").files].slice(0, MOST)
      .map((file) => ({ file, address: URL.createObjectURL(file), box: null }));
    show();
    changed();
  });
  const over = (on) => () => byId("drop").classList.toggle("over", on);
  for (const name of ["dragenter", "dragover"]) byId("drop").addEventListener(name, over(true));
  for (const name of ["dragleave", "drop"]) byId("drop").addEventListener(name, over(false));
}

function show() {
  byId("drop").classList.toggle("full", chosen.length > 0);
  byId("drop-text").textContent = chosen.length ? t("换照片", "Other photos") : t("选择或拖入照片（可多张）", "Choose or drop photos");
  byId("stages").replaceChildren(...chosen.map((photo) => {
    photo.stage = make("div", undefined, "stage");
    photo.image = make("img");
    photo.image.alt = t("照片", "photo");
    photo.image.src = photo.address;
    photo.stage.append(photo.image);
    photo.people = make("div", undefined, "people");
    return photo.stage;
  }));
  byId("people").replaceChildren(...chosen.map((photo) => photo.people));
}

function placed(element, photo, box) {
  const { naturalWidth: width, naturalHeight: height } = photo.image;
  const [left, top, right, bottom] = box;
  element.style.left = `${(100 * left) / width}%`;
  element.style.top = `${(100 * top) / height}%`;
  element.style.width = `${(100 * (right - left)) / width}%`;
  element.style.height = `${(100 * (bottom - top)) / height}%`;
  return element;
}

function clear(photo) {
  photo.stage.querySelectorAll("button, i").forEach((element) => element.remove());
}

// Shows a frame round the one who was chosen, or a numbered one round each to choose from. Below, each stands alone,
// large enough for a finger; a click is told, with the box kept in the photo.
export function offerPeople(photo, people, picked, box = null) {
  clear(photo);
  const pick = (person) => () => { photo.box = person.box; picked(); };
  if (box) photo.stage.append(placed(make("i"), photo, box));
  else people.forEach((person, index) => photo.stage.append(placed(numbered(index, pick(person)), photo, person.box)));
  const hint = box ? t("不是此人？点选另一人", "Somebody else? Choose another") : t("要找哪一个？请点选", "Which one is to be found?");
  photo.people.replaceChildren(...(people.length > 1 ? [make("p", hint), ...people.map((person, index) => {
    const one = numbered(index, pick(person));
    one.prepend(alone(photo.image, person.box));
    one.setAttribute("aria-pressed", Boolean(box) && person.box.every((value, at) => value === box[at]));
    return one;
  })] : []));
}

function numbered(index, picked) {
  const frame = button("", picked);
  frame.setAttribute("aria-label", `${index + 1}`);
  frame.append(make("span", `${index + 1}`));
  return frame;
}

function alone(image, [left, top, right, bottom]) {
  const canvas = make("canvas");
  canvas.height = 2 * TALL; // sharp on a phone too
  canvas.width = Math.max(1, Math.round((canvas.height * (right - left)) / (bottom - top)));
  canvas.getContext("2d").drawImage(image, left, top, right - left, bottom - top, 0, 0, canvas.width, canvas.height);
  return canvas;
}
