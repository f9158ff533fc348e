// Shows openapi.json as a page; everything comes from this server.
"use strict";

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

const resolve = (api, schema) => (schema && schema.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema);

function typeOf(api, schema) {
  if (!schema) return "";
  if (schema.anyOf) return schema.anyOf.map((s) => typeOf(api, s)).filter((t) => t !== "null").join(" or ");
  const known = resolve(api, schema);
  if (known.enum) return known.enum.join(" | ");
  if (known.contentMediaType || known.format === "binary") return "file";
  return known.type === "array" ? `${typeOf(api, known.items)}, repeated` : known.type || "";
}

function fieldsOf(api, operation) {
  const asked = (operation.parameters || []).map((p) => ({ name: p.name, required: p.required, schema: p.schema, text: p.description }));
  const form = operation.requestBody && Object.values(operation.requestBody.content)[0].schema;
  const body = resolve(api, form);
  for (const [name, schema] of Object.entries((body && body.properties) || {})) {
    asked.push({ name, required: (body.required || []).includes(name), schema, text: schema.description });
  }
  return asked;
}

function fieldTable(api, fields) {
  const table = make("table");
  for (const field of fields) {
    const row = table.insertRow();
    row.append(make("th", field.name), make("td", typeOf(api, field.schema)), make("td", field.required ? "required" : ""));
    const examples = field.schema.examples ? `e.g. ${field.schema.examples.map(String).join(", ")}` : "";
    row.append(make("td", [field.text, examples].filter(Boolean).join("; ")));
  }
  return table;
}

function exampleOf(api, reply) {
  const schema = reply.content && Object.values(reply.content)[0].schema;
  const known = resolve(api, schema && schema.type === "array" ? schema.items : schema);
  return known && known.examples ? JSON.stringify(known.examples[0], null, 2) : "";
}

function section(api, path, method, operation) {
  const part = make("section", undefined, "card");
  part.append(make("h2", `${method.toUpperCase()} ${path}`));
  part.append(make("p", [operation.summary, operation.description].filter(Boolean).join(". ")));
  const fields = fieldsOf(api, operation);
  if (fields.length) part.append(fieldTable(api, fields));
  const replies = make("ul");
  for (const [code, reply] of Object.entries(operation.responses)) replies.append(make("li", `${code} ${reply.description}`));
  part.append(replies);
  const example = exampleOf(api, operation.responses["200"] || {});
  if (example) part.append(make("pre", example));
  return part;
}

fetch("/openapi.json").then((reply) => reply.json()).then((api) => {
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("here").textContent = location.origin;
  const page = document.getElementById("api");
  page.append(make("p", api.info.description));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) page.append(section(api, path, method, operation));
  }
});
