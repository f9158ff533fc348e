// The fields of a rule, made from what the API says of its kind.

import { byId, make } from "./dom.js";
import { hoursField, labelled, tick } from "./hours.js";
import { t } from "./language.js";
import { CHOICES, FIELDS, MEANINGS, OBJECTS, PARTS } from "./rule_wording.js";
import { KINDS, SEVERITIES } from "./wording.js";

const APART = new Set(["name", "kind", "objects", "schedule", "night", "severity", "enabled", ...Object.keys(PARTS)]);
const RARE = new Set(["min_moved", "max_moved", "min_area", "max_area", "brought_within_s", "min_height_px"]);
let schemas = null; // of each kind of rule, by its name
let fields = [];

export async function readKinds() {
  if (schemas) return;
  const { paths, components } = await (await fetch("/openapi.json")).json();
  const { schema } = paths["/v1/rules/{camera}"].post.requestBody.content["application/json"];
  const at = Object.entries(schema.discriminator.mapping);
  schemas = new Map(at.map(([kind, path]) => [kind, components.schemas[path.split("/").pop()]]));
  byId("rule-kind").replaceChildren(...[...schemas.keys()].map((kind) => new Option(KINDS[kind] || kind, kind)));
}

// What is drawn of a kind: [part, whether it must be], those first that must.
export function partsOf(kind) {
  const { properties, required } = schemas.get(kind);
  const parts = Object.keys(PARTS).filter((part) => part in properties).map((part) => [part, required.includes(part)]);
  return parts.sort(([, one], [, other]) => other - one);
}

// Shows the fields of a kind, filled from `rule`; `changed` is called when one was changed that is drawn.
export function showFields(kind, rule, changed) {
  const { properties, required } = schemas.get(kind);
  byId("rule-meaning").textContent = MEANINGS[kind] || "";
  const plain = Object.keys(properties).filter((name) => !APART.has(name));
  const made = (name) => field(name, properties[name], rule[name], required);
  const common = plain.filter((name) => !RARE.has(name)).map(made);
  for (const one of common) if (one.name in CHOICES) one.input.addEventListener("change", changed);
  const rare = [objectsField(rule.objects || properties.objects.default), hoursField(t("只在这些时段", "Only at these hours"), rule.schedule)];
  rare[1].name = "schedule";
  if ("night" in properties) rare.push(nightField(rule.night));
  rare.push(severityField(rule.severity), ...plain.filter((name) => RARE.has(name)).map(made));
  fields = [...common, ...rare];
  byId("rule-common").replaceChildren(...common.map((each) => each.element));
  byId("rule-rare").replaceChildren(...rare.map((each) => each.element));
  byId("rule-more").open = Boolean(rule.schedule || rule.night || rule.severity || rule.objects);
}

// What stands in the fields; null is what was left empty.
export const readFields = () => Object.fromEntries(fields.map((each) => [each.name, each.read()]));

function field(name, schema, value, required) {
  const of = schema.anyOf?.find((each) => each.type !== "null") || schema;
  const [zh, en, unit] = FIELDS[name] || [name, name, ""];
  const input = of.enum ? choice(name, of.enum) : number(of, required.includes(name));
  const now = value ?? schema.default;
  input.value = now ?? "";
  const title = make("span", `${t(zh, en)} `);
  if (unit) title.append(make("small", unit));
  const label = make("label");
  label.append(title, input);
  const read = () => {
    if (input.value === "") return null;
    const told = of.enum ? input.value : Number(input.value);
    return value === undefined && told === schema.default ? null : told;
  };
  return { name, element: label, input, read };
}

function choice(name, values) {
  const select = make("select");
  select.append(...values.map((value) => new Option(CHOICES[name]?.[value] || value, value)));
  return select;
}

function number(schema, required) {
  const input = make("input");
  Object.assign(input, { type: "number", step: schema.type === "integer" ? "1" : "any", inputMode: "decimal", required });
  if (schema.minimum !== undefined) input.min = schema.minimum;
  if (schema.maximum !== undefined) input.max = schema.maximum;
  return input;
}

function objectsField(chosen) {
  const box = make("fieldset");
  const boxes = Object.entries(OBJECTS).map(([kind, text]) => [kind, tick(text, chosen.includes(kind))]);
  box.append(make("legend", t("对象", "What counts")), ...boxes.map(([, each]) => each.label));
  return { name: "objects", element: box, read: () => boxes.filter(([, each]) => each.box.checked).map(([kind]) => kind) };
}

function nightField(night) {
  const dwell = number({ type: "number", minimum: 0 }, false);
  dwell.value = night?.min_dwell_s ?? 10;
  const element = labelled(t("夜间至少停留（秒）", "Stays at least, at night (s)"), dwell);
  const more = { name: "min_dwell_s", element, read: () => Number(dwell.value) };
  return { ...hoursField(t("夜间停留更短就报", "A shorter stay is told at night"), night, [more]), name: "night" };
}

function severityField(value) {
  const select = make("select");
  const names = Object.entries(SEVERITIES);
  select.append(new Option(t("按种类", "usual of its kind"), ""), ...names.map(([name, text]) => new Option(text, name)));
  select.value = value || "";
  return { name: "severity", element: labelled(t("紧急程度", "Severity"), select), read: () => select.value || null };
}
