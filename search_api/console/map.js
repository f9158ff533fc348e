// Points and lines of a GeoJSON drawn to scale, without any map from elsewhere.

import { drawn, local } from "./dom.js";
import { t } from "./language.js";

const WIDTH = 1000;
const HEIGHT = 460;
const MARGIN = 60;
const METRES_PER_DEGREE = 111_320;

// Returns null when nothing has a place.
export function mapOf(collection, nameOf) {
  const points = collection.features.flatMap(({ geometry }) => coordinates(geometry));
  if (!points.length) return null;
  const { at, metres } = projection(points);
  const map = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "map", role: "img", "aria-label": t("路线图", "map") });
  const of = (role) => collection.features.filter(({ geometry, properties }) => geometry && properties.role === role);
  map.append(...of("leg").map((leg) => line(leg, at)));
  map.append(...of("suggestion").map((each) => place(each, at, "suggestion", "", nameOf)));
  map.append(...of("stop").map((stop) => place(stop, at, "stop", stop.properties.number, nameOf)));
  map.append(...scaleBar(metres));
  return map;
}

function coordinates(geometry) {
  if (!geometry) return [];
  return geometry.type === "Point" ? [geometry.coordinates] : geometry.coordinates;
}

function projection(points) {
  const squeeze = Math.cos((Math.PI * points[0][1]) / 180);
  const flat = points.map(([lon, lat]) => [lon * squeeze, -lat]);
  const [left, top] = [0, 1].map((axis) => Math.min(...flat.map((point) => point[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...flat.map((point) => point[axis])));
  const least = 50 / METRES_PER_DEGREE; // a single camera is no reason to draw its lens
  const scale = Math.min((WIDTH - 2 * MARGIN) / Math.max(right - left, least), (HEIGHT - 2 * MARGIN) / Math.max(bottom - top, least));
  const [x, y] = [(WIDTH - scale * (right + left)) / 2, (HEIGHT - scale * (bottom + top)) / 2];
  return { at: ([lon, lat]) => [x + scale * lon * squeeze, y - scale * lat], metres: METRES_PER_DEGREE / scale };
}

function line({ geometry, properties }, at) {
  const [[x1, y1], [x2, y2]] = geometry.coordinates.map(at);
  return drawn("line", { x1, y1, x2, y2, class: `leg leg-${properties.verdict}` });
}

function place({ geometry, properties }, at, role, number, nameOf) {
  const [cx, cy] = at(geometry.coordinates);
  const group = drawn("g", { class: role === "stop" ? "stop" : `suggestion chance-${properties.chance}` });
  const radius = role === "stop" ? 13 : 6 + 10 * properties.weight;
  group.append(drawn("circle", { cx, cy, r: radius }));
  if (role === "stop") group.append(drawn("text", { x: cx, y: cy + 5, class: "number" }, `${number}`));
  group.append(drawn("text", { x: cx, y: cy + radius + 15, class: "name" }, nameOf(properties.camera)));
  const when = role === "stop" ? properties.first_seen_ms : properties.expected_from_ms;
  group.append(drawn("title", {}, `${nameOf(properties.camera)} ${local(when)}`));
  return group;
}

function scaleBar(metres) {
  const most = metres * 180;
  const step = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].map((n) => n * step).find((each) => each <= most);
  const [x, y] = [20, HEIGHT - 18];
  const text = length >= 1000 ? `${length / 1000} km` : `${length} m`;
  return [
    drawn("line", { x1: x, y1: y, x2: x + length / metres, y2: y, class: "scale" }),
    drawn("text", { x, y: y - 6, class: "note" }, text),
    drawn("text", { x: WIDTH - 20, y: 26, class: "note north" }, `↑ ${t("北", "N")}`),
  ];
}
