// Questions that are answered before something is done that cannot be taken back, or that has to have a reason.

import { byId } from "./dom.js";
import { t } from "./language.js";

let answered = () => {};

export function startQuestions() {
  byId("question-cancel").addEventListener("click", () => byId("question").close());
  byId("question-ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = byId("question-reason").value.trim() || true;
    const told = answered;
    answered = () => {};
    byId("question").close();
    told(answer);
  });
  byId("question").addEventListener("close", () => { answered(null); answered = () => {}; });
}

// Resolves to true, or to null when it is not to be done.
export const confirmed = (title, text, deed) => asked(title, text, deed, false);

// Resolves to the reason, or to null.
export const reasonFor = (title, text, deed) => asked(title, text, deed, true);

// Resolves to a note, which may be empty, or to null.
export async function noteFor(title, text, deed) {
  const answer = await asked(title, text, deed, true, false);
  return answer === true ? "" : answer;
}

function asked(title, text, deed, wantsReason, must = wantsReason) {
  byId("question-title").textContent = title;
  byId("question-text").textContent = text;
  byId("question-yes").textContent = deed;
  byId("question-why").hidden = !wantsReason;
  byId("question-reason").required = must;
  byId("question-label").textContent = must ? t("原因（会记录）", "Reason, recorded") : t("说明（会记录）", "Note, recorded");
  byId("question-reason").value = "";
  byId("question").showModal();
  return new Promise((resolve) => { answered = resolve; });
}
