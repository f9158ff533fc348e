// One rule being made or changed: its form, and its points on the picture or as numbers.

import { button, byId, make } from "./dom.js";
import { drawingOn } from "./drawing.js";
import { tick } from "./hours.js";
import { t } from "./language.js";
import { partsOf, readFields, showFields } from "./rule_form.js";
import { PARTS, TO_DRAW } from "./rule_wording.js";

let drawing = null;
let edited = null; // {was, rule, part}: name before, the rule as it is drawn, the part that is drawn now
let hooks = {};

export const isEditing = () => edited !== null;

// `told` has draw, save(rule, was), stop and remove(name).
export function startEditor(told) {
  hooks = told;
  drawing = drawingOn(byId("rule-drawing"), byId("rule-handles"), (points) => { put(points); hooks.draw(); });
  const tools = { "rule-undo": "undo", "rule-point-less": "remove", "rule-suggest": "suggest", "rule-point-more": "add" };
  for (const [id, deed] of Object.entries(tools)) byId(id).addEventListener("click", () => drawing[deed]());
  byId("rule-point-none").addEventListener("click", () => drawing.put([]));
  byId("rule-kind").addEventListener("change", () => changeKind(byId("rule-kind").value));
  byId("rule-cancel").addEventListener("click", () => { endEditing(); hooks.stop(); });
  byId("rule-remove").addEventListener("click", () => withProblem(async () => {
    if (await hooks.remove(edited.was)) endEditing();
    hooks.draw();
  }));
  byId("rule-form").addEventListener("submit", (event) => { event.preventDefault(); withProblem(store); });
}

export function editRule(rule) {
  const kind = rule?.kind || byId("rule-kind").options[0].value;
  edited = { was: rule?.name ?? null, rule: rule ? { ...rule } : { kind }, part: null };
  byId("rule-title").textContent = rule ? `${t("修改规则", "Edit")} ${rule.name}` : t("新规则", "A new rule");
  byId("rule-name").value = rule?.name || "";
  byId("rule-kind").value = kind;
  byId("rule-problem").textContent = "";
  byId("rule-remove").hidden = !rule;
  byId("rule-form").hidden = byId("rule-tools").hidden = false;
  byId("rule-side").hidden = byId("rule-new").hidden = true;
  byId("rule-stage").classList.add("editing");
  layFields();
  byId("rule-stage").scrollIntoView({ block: "nearest" });
  byId("rule-name").focus({ preventScroll: true });
}

export function endEditing() {
  edited = null;
  drawing?.end();
  byId("rule-form").hidden = byId("rule-tools").hidden = true;
  byId("rule-side").hidden = byId("rule-new").hidden = false;
  byId("rule-stage").classList.remove("editing");
}

// The rule that is drawn now, on a picture of this size; null while none is edited.
export function laidOn(size, scale, guessed) {
  drawing.fit(size, scale, guessed);
  return edited && { was: edited.was, rule: { ...edited.rule, ...complete(edited.rule) } };
}

// A shape with too few points is shown by its points alone.
function complete(rule) {
  const least = { line: 2, heading: 2, zone: 2 };
  return Object.fromEntries(Object.keys(PARTS).map((part) => [part, (rule[part] || []).length >= least[part] ? rule[part] : null]));
}

function changeKind(kind) {
  const kept = Object.fromEntries(partsOf(kind).map(([part]) => [part, edited.rule[part]]));
  edited.rule = { kind, ...kept };
  layFields();
}

function layFields() {
  showFields(edited.rule.kind, edited.rule, () => {
    const { direction, in_direction: way } = readFields(); // null is the usual one
    Object.assign(edited.rule, { direction: direction ?? undefined, in_direction: way ?? undefined });
    hooks.draw();
  });
  const parts = partsOf(edited.rule.kind);
  byId("rule-parts").replaceChildren(...(parts.length > 1 ? parts.map(([part]) => partButton(part)) : []), ...optional(parts));
  const needed = parts.find(([part, must]) => must || edited.rule[part]);
  drawPart(needed ? needed[0] : null);
}

function partButton(part) {
  const made = button(`${t("画", "Draw")} ${PARTS[part]}`, () => drawPart(part));
  made.dataset.part = part;
  return made;
}

// A zone that may be left out: without it the whole picture counts.
function optional(parts) {
  const [part] = parts.find(([, must]) => !must) || [];
  if (!part) return [];
  const { label, box } = tick(t("只在一个区域内", "Only inside a zone"), Boolean(edited.rule[part]));
  box.addEventListener("change", () => {
    edited.rule[part] = box.checked ? [] : null;
    drawPart(box.checked ? part : parts.find(([, must]) => must)?.[0] ?? null);
  });
  return [label];
}

function drawPart(part) {
  edited.part = part;
  for (const each of byId("rule-parts").querySelectorAll("button")) each.setAttribute("aria-pressed", each.dataset.part === part);
  byId("rule-tools").hidden = part === null;
  byId("rule-hint").textContent = part ? TO_DRAW[part] : t("整个画面都算。", "The whole picture counts.");
  if (part) drawing.begin(part, edited.rule[part] || []);
  else drawing.end();
  numbers();
  hooks.draw();
}

function put(points) {
  edited.rule[edited.part] = points;
  numbers();
}

function numbers() {
  const list = byId("rule-numbers");
  byId("rule-by-number").hidden = !edited.part;
  const points = edited.rule[edited.part] || [];
  const typing = document.activeElement.matches("#rule-numbers input");
  if (typing && list.children.length === points.length) return;
  list.replaceChildren(...points.map((point, index) => {
    const line = make("li");
    line.append(...point.map((value, axis) => coordinate(value, axis, index)));
    line.append(button("✕", () => drawing.put(points.filter((_, i) => i !== index))));
    line.lastChild.setAttribute("aria-label", `${t("删除点", "remove point")} ${index + 1}`);
    return line;
  }));
}

function coordinate(value, axis, index) {
  const input = make("input");
  Object.assign(input, { type: "number", value, step: 1, min: 0 });
  input.setAttribute("aria-label", `${t("点", "point")} ${index + 1} ${"xy"[axis]}`);
  input.addEventListener("input", () => {
    const points = edited.rule[edited.part].map((each) => [...each]);
    if (input.value === "") return;
    points[index][axis] = Number(input.value);
    drawing.put(points);
  });
  return input;
}

async function store() {
  const rule = { ...edited.rule, ...readFields(), name: byId("rule-name").value.trim() };
  for (const [part, must] of partsOf(rule.kind)) if (!must && !rule[part]?.length) delete rule[part];
  for (const [name, value] of Object.entries(rule)) if (value === null || value === undefined) delete rule[name];
  const missing = partsOf(rule.kind).find(([part, must]) => must && !rule[part]?.length);
  if (missing) throw new Error(`${t("还没有画", "Not drawn yet")} ${PARTS[missing[0]]}: ${TO_DRAW[missing[0]]}`);
  await hooks.save(rule, edited.was);
  endEditing();
  hooks.draw();
}

async function withProblem(deed) {
  byId("rule-problem").textContent = "";
  byId("rule-save").disabled = true;
  try {
    await deed();
  } catch (error) {
    byId("rule-problem").textContent = error.message;
  } finally {
    byId("rule-save").disabled = false;
  }
}
