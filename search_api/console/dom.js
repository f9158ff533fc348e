// Small parts every page of the console is made of.

import { t } from "./language.js";

export const byId = (id) => document.getElementById(id);

export function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (className) element.className = className;
  return element;
}

export function button(text, pressed, className) {
  const element = make("button", text, className);
  element.type = "button";
  element.addEventListener("click", pressed);
  return element;
}

export function drawn(tag, attributes = {}, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// Whether somebody reads or goes through a list by keys: then it is not to be made anew.
export const inUse = (list) => Boolean(list.querySelector(".story")) || list.contains(document.activeElement);

export function say(text, bad = false) {
  byId("message").textContent = text;
  byId("message").classList.toggle("bad", bad);
}

export function table(headings, rows) {
  const element = make("table");
  const head = make("tr");
  head.append(...headings.map((heading) => make("th", heading)));
  element.append(head);
  for (const row of rows) {
    const line = make("tr");
    row.forEach((cell, column) => {
      const field = make("td");
      field.dataset.label = headings[column]; // on a phone it stands before the cell
      if (cell instanceof Node) field.append(cell);
      else field.textContent = cell ?? "";
      line.append(field);
    });
    element.append(line);
  }
  return element;
}

const two = (n) => String(n).padStart(2, "0");

export function clock(ms) {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function local(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(ms)}`;
}

// As a field of type datetime-local has it.
export const fieldTime = (ms) => local(ms).replace(" ", "T").slice(0, 16);

export const joined = (...parts) => parts.filter(Boolean).join(" · ");

// How long ago that was, in the coarsest words that still help.
export function since(ms, nowMs = Date.now()) {
  const minutes = Math.max(0, Math.round((nowMs - ms) / 60_000));
  if (minutes < 120) return t(`${minutes} 分钟前`, `${minutes} min ago`);
  const hours = Math.round(minutes / 60);
  return hours < 48 ? t(`${hours} 小时前`, `${hours} h ago`) : t(`${Math.round(hours / 24)} 天前`, `${Math.round(hours / 24)} days ago`);
}

// A browser gives its clipboard only to this machine and to https; elsewhere a selection is copied.
export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = make("textarea", text);
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error(t("浏览器不允许复制，请手动选中。", "The browser does not let it be copied: select it by hand."));
}

// A click on a small picture shows it large, with what is said of it; nothing while there is none.
export function enlarging(image, text) {
  image.title = t("放大", "Enlarge");
  image.classList.add("enlarging");
  image.addEventListener("click", () => {
    if (!image.naturalWidth) return;
    const large = make("img");
    large.src = image.src;
    large.alt = text;
    byId("large").replaceChildren(large, make("p", text), button(t("关闭", "Close"), () => byId("large").close()));
    byId("large").showModal();
  });
}

export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
