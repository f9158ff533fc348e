// The console: one page at a time, behind one door.

import { dropToken, hasToken, keepToken, whenSignedOut } from "./api.js";
import { showCameras } from "./cameras.js";
import { byId, say } from "./dom.js";
import { startHealth } from "./health.js";
import { leaveIncidents, showIncidents, startIncidents } from "./incidents.js";
import { showLog } from "./log.js";
import { startQuestions } from "./question.js";
import { startLanguage } from "./language.js";
import { leaveResidents, showResidents, startResidents } from "./residents.js";
import { leaveRules, showRules, startRules } from "./rules.js";
import { enterSearch, offerWatches, startSearch } from "./search.js";
import { showSubscriptions, startSubscriptions } from "./subscriptions.js";
import { showWatches, startWatches } from "./watches.js";

const PAGES = {
  search: { parts: ["page-search", "page-found"], enter: enterSearch },
  incidents: { parts: ["page-incidents"], enter: showIncidents, leave: leaveIncidents },
  watches: { parts: ["page-watches"], enter: showWatches },
  rules: { parts: ["page-rules"], enter: showRules, leave: leaveRules },
  residents: { parts: ["page-residents"], enter: showResidents, leave: leaveResidents },
  subscriptions: { parts: ["page-subscriptions"], enter: showSubscriptions },
  cameras: { parts: ["page-cameras"], enter: showCameras },
  log: { parts: ["page-log"], enter: showLog },
};
let open = null;
const PARTS = Object.values(PAGES).flatMap((page) => page.parts);

function show(parts) {
  for (const part of PARTS) byId(part).hidden = !parts.includes(part);
}

// A zhian that only searches has no incidents: a page is offered where the API behind it is.
async function offerPages() {
  const { paths } = await (await fetch("/openapi.json")).json();
  for (const link of byId("pages").querySelectorAll("[data-needs]")) link.hidden = !(link.dataset.needs in paths);
  offerWatches("/v1/watches" in paths);
}

// A page that is not offered here, an old bookmark for instance, leads to the search.
function asked() {
  const link = [...byId("pages").querySelectorAll("a")].find((each) => each.hash === location.hash);
  return link && !link.hidden ? link.hash.slice(1) : "search";
}

async function enter() {
  await offered;
  const name = asked();
  if (open !== name) PAGES[open]?.leave?.();
  open = name;
  for (const link of byId("pages").querySelectorAll("a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  say("");
  await PAGES[name].enter();
  byId("door").hidden = true;
  byId("leave").hidden = byId("pages").hidden = false;
  show(PAGES[name].parts);
}

const tryToEnter = () => enter().catch((error) => say(error.message, true));

function leave() {
  PAGES[open]?.leave?.();
  open = null;
  dropToken();
  show([]);
  byId("leave").hidden = byId("pages").hidden = true;
  byId("hits").replaceChildren();
  byId("door").hidden = false;
  byId("token").focus();
}

byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(byId("token").value.trim());
  byId("token").value = "";
  tryToEnter();
});
byId("leave").addEventListener("click", () => { leave(); say(""); });
window.addEventListener("hashchange", () => { if (hasToken()) tryToEnter(); });
whenSignedOut(leave);
startLanguage(byId("language"));
startHealth();
startSearch();
startIncidents();
startWatches();
startQuestions();
startRules();
startResidents();
startSubscriptions();
const offered = offerPages();
if (hasToken()) tryToEnter();
else leave();
