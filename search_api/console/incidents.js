// Incidents: what happened, newest first, taken over and closed here; new ones appear by themselves.

import { asked, releasePictures, send, showPicture } from "./api.js";
import { cameraName, communityName, readCameras } from "./cameras.js";
import { button, byId, enlarging, joined, local, make, say, since } from "./dom.js";
import { follow } from "./events.js";
import { t } from "./language.js";
import { noteFor } from "./question.js";
import { KINDS, OUTCOMES, SEVERITIES, SOURCES, STATES } from "./wording.js";

const PAGE = 50;
const SETTLE_MS = 400; // a burst of events is one look at the list
let stop = null;
let due = null;

export async function showIncidents() {
  await readCameras();
  await refresh();
  if (!stop) stop = follow(soon);
}

export function leaveIncidents() {
  if (stop) stop();
  stop = null;
  releasePictures("incidents");
}

function soon() {
  if (due === null) due = setTimeout(() => { due = null; refresh().catch((error) => say(error.message, true)); }, SETTLE_MS);
}

async function refresh() {
  const only = byId("incident-state").value;
  const states = only === "going" ? ["open", "acknowledged", "dispatched"] : only ? [only] : [];
  const query = [`limit=${PAGE}`, ...states.map((state) => `state=${state}`)].join("&");
  const { incidents } = await asked(`/v1/incidents?${query}`);
  const opened = byId("incident-list").querySelector("li.told")?.dataset.incident;
  releasePictures("incidents");
  byId("incident-list").replaceChildren(...incidents.map(card));
  byId("incident-none").hidden = incidents.length > 0;
  const again = [...byId("incident-list").children].find((item) => item.dataset.incident === opened);
  if (again) await tell(again, opened);
}

function card(incident) {
  const item = make("li", undefined, `severity-${incident.severity}`);
  item.dataset.incident = incident.incident;
  const image = make("img", undefined, "thumb");
  image.alt = "";
  if (incident.picture) showPicture(image, incident.picture, "incidents");
  enlarging(image, joined(KINDS[incident.kind] || incident.kind, incident.name, cameraName(incident.camera), local(incident.last_ms)));
  const what = make("div");
  const title = make("div", undefined, "top");
  title.append(make("b", `${KINDS[incident.kind] || incident.kind} · ${incident.name}`),
    make("span", STATES[incident.state], `badge state-${incident.state}`));
  const outcome = incident.outcome ? OUTCOMES[incident.outcome] : "";
  const place = joined(communityName(incident.community), cameraName(incident.camera));
  const count = incident.alerts > 1 ? t(`${incident.alerts} 次`, `${incident.alerts} alerts`) : "";
  what.append(title, make("div", place),
    make("div", [local(incident.last_ms), since(incident.last_ms), SEVERITIES[incident.severity], SOURCES[incident.source], count, outcome]
      .filter(Boolean).join(" · "), "soft"), acts(incident, item));
  item.append(image, what);
  return item;
}

function acts(incident, item) {
  const line = make("div", undefined, "line");
  const step = (name, body = {}) => send("POST", `/v1/incidents/${incident.incident}/${name}`, body)
    .then(refresh).catch((error) => say(error.message, true));
  if (incident.state === "open") line.append(button(t("确认", "Acknowledge"), () => step("acknowledge"), "strong"));
  if (["open", "acknowledged"].includes(incident.state)) line.append(button(t("派员", "Dispatch"), () => step("dispatch")));
  if (incident.state !== "closed") {
    for (const [outcome, text] of Object.entries(OUTCOMES)) {
      line.append(button(`${t("关闭", "Close")}: ${text}`, () => close(incident, outcome, step)));
    }
  }
  line.append(button(t("经过", "Timeline"), () => tell(item, incident.incident).catch((error) => say(error.message, true))));
  return line;
}

// A slip of the finger must not close what somebody waits for.
async function close(incident, outcome, step) {
  const what = `${KINDS[incident.kind] || incident.kind} · ${incident.name} · ${local(incident.last_ms)}`;
  const note = await noteFor(`${t("关闭警情", "Close the incident")}: ${OUTCOMES[outcome]}`, what, t("关闭", "Close"));
  if (note !== null) await step("close", { outcome, note });
}

async function tell(item, name) {
  if (item.classList.contains("told")) {
    item.querySelector(".story")?.remove();
    item.classList.remove("told");
    return;
  }
  item.classList.add("told"); // at once: a list that comes meanwhile opens it again
  const story = await asked(`/v1/incidents/${name}`);
  const lines = [
    ...story.alerts.map((alert) => [alert.at_ms, `⚑ ${KINDS[alert.kind] || alert.kind} · ${cameraName(alert.camera)} ${facts(alert)}`]),
    ...story.steps.map((step) => [step.at_ms, `→ ${STATES[step.state]} · ${step.who} ${step.note}`]),
    ...story.told.map((letter) => [letter.tried_ms ?? letter.noted_ms,
      `✉ ${letter.subscription} · ${letter.state} ${letter.receipt || letter.reason}`]),
  ].sort((one, other) => one[0] - other[0]);
  const list = make("ol", undefined, "story");
  list.append(...lines.map(([at, text]) => make("li", `${local(at)}  ${text}`)));
  item.querySelector(".story")?.remove();
  item.append(list);
}

const facts = (alert) => Object.entries(alert.facts).map(([name, value]) => `${name} ${value}`).join(", ");

export function startIncidents() {
  byId("incident-state").addEventListener("change", soon);
}
