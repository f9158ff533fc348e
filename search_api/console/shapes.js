// Lines, arrows and zones of rules as SVG, in the pixels of the picture.

import { drawn } from "./dom.js";

const ARROW = 34; // length of an arrow across a line, in pixels of the screen

const text = (points) => points.map((point) => point.join(",")).join(" ");
const middle = (points) => [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);

// `scale` is how many pixels of the picture one pixel of the screen is.
export function ruleShapes(rule, scale, className) {
  const group = drawn("g", { class: className });
  if (rule.zone) group.append(drawn("polygon", { points: text(rule.zone), class: "zone" }));
  if (rule.line) group.append(drawn("polyline", { points: text(rule.line), class: "line" }), ...across(rule, scale));
  if (rule.heading) group.append(drawn("polyline", { points: text(rule.heading), class: "line" }), head(...rule.heading, scale));
  return group;
}

// The name stands in the shape, or above the middle of a line; nothing for a rule that counts everywhere.
export function ruleName(rule, scale) {
  const points = rule.zone || rule.line || rule.heading;
  if (!points) return null;
  const [x, y] = middle(points);
  return drawn("text", { x, y: y - (rule.zone ? 0 : 8 * scale), class: "name", "font-size": 14 * scale }, rule.name);
}

// Towards + is right of the way from the first point to the second, as y grows downwards.
function across(rule, scale) {
  const wanted = rule.kind === "counting" ? rule.in_direction || "+" : rule.direction || "both";
  const [[x1, y1], [x2, y2]] = rule.line;
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [nx, ny] = [-(y2 - y1) / length, (x2 - x1) / length];
  const [mx, my] = middle(rule.line);
  const sides = wanted === "both" ? [1, -1] : [wanted === "+" ? 1 : -1];
  return sides.flatMap((side) => {
    const tip = [mx + side * nx * ARROW * scale, my + side * ny * ARROW * scale];
    return [drawn("polyline", { points: text([[mx, my], tip]), class: "arrow" }), head([mx, my], tip, scale)];
  });
}

function head([x1, y1], [x2, y2], scale) {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const wing = (turn) => [x2 - 13 * scale * Math.cos(angle + turn), y2 - 13 * scale * Math.sin(angle + turn)];
  return drawn("polygon", { points: text([[x2, y2], wing(0.5), wing(-0.5)]), class: "head" });
}
