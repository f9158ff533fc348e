// A line, an arrow or a zone being drawn on a picture: tapped, dragged, or moved with the arrow keys.

import { drawn } from "./dom.js";
import { t } from "./language.js";

const STEP = 5; // pixels of the picture a key moves a point; with Shift one
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MOST = { line: 2, heading: 2, zone: 64 };

// Draws into `layer` of `svg`; `changed` is called with the points after each change. `size` is [width, height],
// `free` when it is a guess, as there is no picture: points may lie anywhere then.
export function drawingOn(svg, layer, changed) {
  const at = { part: null, points: [], size: [1, 1], scale: 1, free: false, chosen: -1, before: [], justDragged: false };

  const set = (points, chosen = -1, keep = true) => {
    if (keep) at.before.push(at.points);
    [at.points, at.chosen] = [points, chosen];
    show();
    changed(points);
  };
  const limit = (axis) => (at.free ? Infinity : at.size[axis]);
  const within = (point) => point.map((value, axis) => Math.round(Math.min(Math.max(value, 0), limit(axis))));
  const moved = (index, point) => at.points.map((each, i) => (i === index ? within(point) : each));
  const removed = (index) => at.points.filter((_, i) => i !== index);
  const where = (event) => {
    const box = svg.getBoundingClientRect();
    return within([((event.clientX - box.left) / box.width) * at.size[0], ((event.clientY - box.top) / box.height) * at.size[1]]);
  };

  function drag(event, index) {
    event.preventDefault();
    at.before.push(at.points);
    const move = (to) => set(moved(index, where(to)), index, false);
    const end = () => {
      svg.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) svg.removeEventListener(name, end);
    };
    svg.setPointerCapture(event.pointerId);
    svg.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, end);
    at.chosen = index;
    at.justDragged = true;
    show();
  }

  function pressed(event, index) {
    if (event.key in KEYS) {
      const [dx, dy] = KEYS[event.key].map((way) => way * (event.shiftKey ? 1 : STEP));
      set(moved(index, [at.points[index][0] + dx, at.points[index][1] + dy]), index);
    } else if (event.key === "Delete" || event.key === "Backspace") set(removed(index), Math.max(0, index - 1));
    else return;
    event.preventDefault();
    layer.querySelectorAll(".handle")[at.chosen]?.focus();
  }

  function handle(point, index) {
    const [cx, cy] = point;
    const name = `${t("点", "point")} ${index + 1}: ${cx}, ${cy}`;
    const look = `handle${index === at.chosen ? " chosen" : ""}`;
    const group = drawn("g", { class: look, tabindex: 0, role: "button", "aria-label": name });
    group.append(drawn("circle", { cx, cy, r: 22 * at.scale, class: "reach" }),
      drawn("circle", { cx, cy, r: 9 * at.scale, class: "dot" }),
      drawn("text", { x: cx, y: cy + 4 * at.scale, "font-size": 11 * at.scale }, `${index + 1}`));
    group.addEventListener("pointerdown", (event) => drag(event, index));
    group.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // the page stays where it is
    group.addEventListener("keydown", (event) => pressed(event, index));
    group.addEventListener("focus", () => { at.chosen = index; });
    return group;
  }

  function show() {
    const focused = layer.contains(document.activeElement) ? at.chosen : -1;
    layer.replaceChildren(...(at.part ? at.points.map(handle) : []));
    if (focused >= 0) layer.querySelectorAll(".handle")[focused]?.focus({ preventScroll: true });
  }

  // A tap adds a point: the next end of a line, a corner in the nearest edge of a zone.
  svg.addEventListener("click", (event) => {
    if (at.justDragged) { at.justDragged = false; return; }
    if (!at.part || at.free || at.points.length >= MOST[at.part] || event.target.closest(".handle")) return;
    const place = placeFor(at.points, where(event));
    set([...at.points.slice(0, place), where(event), ...at.points.slice(place)], place);
  });
  svg.addEventListener("pointerdown", (event) => { if (!event.target.closest(".handle")) at.justDragged = false; });

  return {
    begin(part, points) { Object.assign(at, { part, points: points.map((point) => [...point]), chosen: -1, before: [] }); show(); },
    end() { at.part = null; show(); },
    fit(size, scale, free) { Object.assign(at, { size, scale, free }); show(); },
    add() { set([...at.points, within(at.points.length ? at.points.at(-1).map((v) => v + 20) : at.size.map((v) => v / 2))]); },
    put: (points) => set(points.map(within)),
    undo() { if (at.before.length) set(at.before.pop(), -1, false); },
    remove() { if (at.chosen >= 0 && at.chosen < at.points.length) set(removed(at.chosen)); },
    suggest() { set(suggested(at.part, at.size).map(within)); },
  };
}

// Where a new corner belongs: behind the first end of the nearest edge.
function placeFor(points, point) {
  if (points.length < 3) return points.length;
  const far = points.map((from, i) => distance(point, from, points[(i + 1) % points.length]));
  return far.indexOf(Math.min(...far)) + 1;
}

function distance([x, y], [x1, y1], [x2, y2]) {
  const along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2 || 1);
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1));
}

function suggested(part, [width, height]) {
  const at = (x, y) => [x * width, y * height];
  if (part === "line") return [at(0.25, 0.6), at(0.75, 0.6)];
  if (part === "heading") return [at(0.5, 0.85), at(0.5, 0.4)];
  return [at(0.3, 0.35), at(0.7, 0.35), at(0.75, 0.8), at(0.25, 0.8)];
}
