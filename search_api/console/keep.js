// What a case needs is kept, whatever its age, until the case releases it.

import { send } from "./api.js";
import { button, byId, make, say } from "./dom.js";
import { t } from "./language.js";

export function keep(sightings, reason) {
  const form = make("form", undefined, "text-fields");
  const label = make("label", `${t("案件号", "Case")} `);
  label.append(make("small", t("字母、数字、_ . -", "letters, digits, _ . -")));
  const input = make("input");
  input.id = "case";
  input.required = true;
  input.maxLength = 64;
  input.pattern = "[\\p{L}\\p{N}_.\\-]+";
  label.append(input);
  const problem = make("p", "", "bad");
  const row = make("div", undefined, "row");
  const yes = make("button", t("留存", "Keep"), "strong");
  row.append(yes, button(t("取消", "Cancel"), () => byId("large").close()));
  form.append(make("h2", t(`留存 ${sightings.length} 条`, `Keep ${sightings.length} for a case`)), label, problem, row);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    hold(input.value.trim(), sightings, reason).catch((error) => { problem.textContent = error.message; });
  });
  byId("large").replaceChildren(form);
  byId("large").showModal();
}

async function hold(name, sightings, reason) {
  const held = await (await send("POST", `/v1/cases/${encodeURIComponent(name)}/holds`, { sightings, reason })).json();
  byId("large").close();
  say(t(`已为 ${name} 留存 ${held.sightings} 条，不会过期。`, `${held.sightings} sightings are kept for ${name}.`));
}
