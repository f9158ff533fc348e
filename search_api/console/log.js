// Who searched for what, when and why.

import { asked } from "./api.js";
import { byId, local, table } from "./dom.js";

export async function showLog() {
  const lines = await asked("/v1/searches?limit=200");
  const rows = lines.map((line) => [local(line.at_ms), line.who, line.reason, summary(line.what), line.hits]);
  byId("log-table").replaceChildren(table(["时间 when", "谁 who", "用途 reason", "内容 what", "命中 hits"], rows));
}

function summary(what) {
  return Object.entries(what)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(", ") : value}`)
    .join(" · ");
}
