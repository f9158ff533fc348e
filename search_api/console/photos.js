// The photos of the one who is looked for: shown, and clicked where a photo shows several.

import { byId, make, button } from "./dom.js";
import { t } from "./language.js";

const MOST = 8;
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
    return photo.stage;
  }));
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

export function markBox(photo, box) {
  clear(photo);
  if (box) photo.stage.append(placed(make("i"), photo, box));
}

// Shows a numbered frame round each of them; a click is told with the box.
export function offerPeople(photo, people, picked) {
  clear(photo);
  people.forEach((person, index) => {
    const frame = button("", () => { photo.box = person.box; picked(); });
    frame.setAttribute("aria-label", `${index + 1}`);
    frame.append(make("span", `${index + 1}`));
    photo.stage.append(placed(frame, photo, person.box));
  });
}
