// The forms of a resident in care: enrolling with consent, changing what is told, adding a companion.

import { ask, asked } from "./api.js";
import { allCameras, communities } from "./cameras.js";
import { byId, fieldTime, make, say } from "./dom.js";
import { tick } from "./hours.js";
import { t } from "./language.js";

const DAYS = 180;
let edited = null; // the resident who is changed, null while one is enrolled
let changed = async () => {};

export function startResidentForms(told) {
  changed = told;
  for (const name of ["resident", "companion"]) {
    byId(`${name}-cancel`).addEventListener("click", () => byId(`${name}-form`).close());
  }
  byId("resident-community").addEventListener("change", () => offerExits([]));
  byId("resident-ask").addEventListener("submit", (event) => { event.preventDefault(); sending("resident", store); });
  byId("companion-ask").addEventListener("submit", (event) => { event.preventDefault(); sending("companion", addPhotos); });
}

// For a new resident `resident` is null; of an enrolled one name, photos and consent stay.
export function openResident(resident) {
  edited = resident;
  byId("resident-ask").reset();
  byId("resident-problem").textContent = "";
  byId("resident-title").textContent = resident ? `${t("修改", "Edit")} ${resident.name}` : t("登记在管老人", "Enrol a resident in care");
  for (const field of byId("resident-ask").querySelectorAll("[data-once]")) {
    field.hidden = Boolean(resident);
    for (const input of field.querySelectorAll("input, select")) input.disabled = Boolean(resident);
  }
  byId("resident-why").hidden = !resident;
  byId("resident-reason").required = Boolean(resident);
  offerCommunities(resident);
  fill(resident);
  byId("resident-form").showModal();
}

function fill(resident) {
  const day = (ms) => fieldTime(ms).slice(0, 10);
  byId("resident-expires").value = day(resident ? Date.parse(resident.expires) : Date.now() + DAYS * 86_400_000);
  byId("resident-consent-at").value = day(Date.now());
  if (!resident) return;
  byId("resident-guardian").value = resident.guardian;
  byId("resident-alone").checked = resident.alone;
  byId("resident-home-by").value = resident.home_by || "";
  byId("resident-not-seen").value = resident.not_seen_h ?? "";
  byId("resident-quiet-from").value = resident.quiet_from || "";
  byId("resident-quiet-to").value = resident.quiet_to || "";
}

function offerCommunities(resident) {
  const offered = communities(resident ? [resident.community] : []);
  byId("resident-community").replaceChildren(...offered.map(([id, name]) => new Option(name, id)));
  if (resident) byId("resident-community").value = resident.community;
  offerExits(resident?.exit_cameras || []);
}

// Cameras of her community, and those already chosen.
function offerExits(chosen) {
  const community = byId("resident-community").value;
  const there = allCameras().filter((camera) => camera.community === community || chosen.includes(camera.id));
  byId("resident-exits").replaceChildren(make("legend", t("看到人离开小区的摄像机", "Cameras that see people leave")), ...there.map((camera) => {
    const { label, box } = tick(camera.name || camera.id, chosen.includes(camera.id));
    box.value = camera.id;
    return label;
  }));
}

async function store() {
  const form = new FormData();
  const put = (name, value) => { if (value) form.append(name, value); };
  put("guardian", byId("resident-guardian").value.trim());
  for (const box of byId("resident-exits").querySelectorAll(":checked")) form.append("exit_camera", box.value);
  form.append("alone", byId("resident-alone").checked);
  put("home_by", byId("resident-home-by").value);
  put("not_seen_h", byId("resident-not-seen").value);
  put("quiet_from", byId("resident-quiet-from").value);
  put("quiet_to", byId("resident-quiet-to").value);
  form.append("expires", new Date(`${byId("resident-expires").value}T00:00`).toISOString());
  if (edited) await change(form);
  else await enrol(form);
}

async function change(form) {
  form.append("reason", byId("resident-reason").value.trim());
  await ask(`/v1/residents/${edited.id}`, { method: "PUT", body: form });
  say(t(`已修改 ${edited.name}。`, `${edited.name} is changed.`));
}

async function enrol(form) {
  for (const name of ["name", "community", "consent-by", "consent-record"]) {
    form.append(name.replace("-", "_"), byId(`resident-${name}`).value.trim());
  }
  const at = new Date(`${byId("resident-consent-at").value}T00:00`);
  form.append("consent_at", new Date(Math.min(at.getTime(), Date.now() - 1000)).toISOString());
  for (const photo of byId("resident-photos").files) form.append("photo", photo);
  const made = await asked("/v1/residents", { method: "POST", body: form });
  say(t(`已登记 ${made.name}，从现在起照看。`, `${made.name} is enrolled and looked after from now on.`));
}

let shown = null; // whose photos or companion are added
let companion = false;

export const openCompanion = (resident) => openPhotos(resident, true);

// For photos of herself, or of somebody with whom she may leave.
export function openPhotos(resident, ofCompanion = false) {
  [shown, companion] = [resident, ofCompanion];
  byId("companion-ask").reset();
  byId("companion-problem").textContent = "";
  byId("companion-title").textContent = ofCompanion ? t(`${resident.name} 的陪同人`, `A companion of ${resident.name}`) : t(`${resident.name} 的照片`, `Photos of ${resident.name}`);
  byId("companion-help").textContent = ofCompanion
    ? t("与陪同人一起外出不报警。陪同人也须同意。", "Leaving with a companion is not told. The companion has to agree as well.")
    : t("换了衣服就加一张：按今天的穿着更容易认出。", "Add one in the clothes of today: she is known by how she looks.");
  byId("companion-who").hidden = !ofCompanion;
  byId("companion-name").required = ofCompanion;
  byId("companion-form").showModal();
}

async function addPhotos() {
  const form = new FormData();
  for (const photo of byId("companion-photos").files) form.append("photo", photo);
  if (companion) form.append("name", byId("companion-name").value.trim());
  await ask(`/v1/residents/${shown.id}/${companion ? "companions" : "photos"}`, { method: "POST", body: form });
  if (companion) say(t("已加陪同人：一起外出时不报警。", "Added: leaving together is not told."));
  else say(t(`已加照片，从现在起也按此辨认 ${shown.name}。`, `Added: ${shown.name} is looked for by these as well.`));
}

// What is wrong is said in the form, which stays as it is.
async function sending(name, deed) {
  const problem = byId(`${name}-problem`);
  const go = byId(`${name}-save`);
  problem.textContent = "";
  go.disabled = true;
  try {
    await deed();
    byId(`${name}-form`).close();
    await changed();
  } catch (error) {
    problem.textContent = error.message;
  } finally {
    go.disabled = false;
  }
}
