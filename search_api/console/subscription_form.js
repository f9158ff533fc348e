// The forms of a subscription: what is told, by which way, when; and muting it for a while.

import { send } from "./api.js";
import { wayOf, WAYS } from "./addresses.js";
import { communities } from "./cameras.js";
import { byId, fieldTime, local, make, say } from "./dom.js";
import { hoursField, labelled, tick } from "./hours.js";
import { t } from "./language.js";
import { KINDS, SEVERITIES } from "./wording.js";

const NEVER_ALONE = new Set(["crowd_density"]); // another name of a kind
const MUTES = [[3_600_000, t("1 小时", "1 h")], [8 * 3_600_000, t("8 小时", "8 h")], [24 * 3_600_000, t("1 天", "1 day")], [7 * 86_400_000, t("7 天", "7 days")]];
let edited = null; // the subscription that is changed
let inputs = {}; // of the way's fields, by their names
let hours = null;
let changed = async () => {};

export function startSubscriptionForms(told) {
  changed = told;
  byId("subscription-way").replaceChildren(...Object.entries(WAYS).map(([way, { text }]) => new Option(text, way)));
  byId("subscription-way").addEventListener("change", layWay);
  byId("subscription-severity").replaceChildren(...Object.entries(SEVERITIES).map(([name, text]) => new Option(text, name)));
  for (const name of ["subscription", "mute"]) byId(`${name}-cancel`).addEventListener("click", () => byId(`${name}-form`).close());
  byId("subscription-ask").addEventListener("submit", (event) => { event.preventDefault(); sending("subscription", store); });
  byId("mute-ask").addEventListener("submit", (event) => { event.preventDefault(); sending("mute", mute); });
  byId("mute-often").replaceChildren(...MUTES.map(([ms, text]) => {
    const often = make("button", text);
    often.type = "button";
    often.addEventListener("click", () => { byId("mute-until").value = fieldTime(Date.now() + ms); });
    return often;
  }));
}

export function openSubscription(subscription, others) {
  edited = subscription;
  const terms = subscription?.terms;
  byId("subscription-ask").reset();
  byId("subscription-problem").textContent = "";
  byId("subscription-title").textContent = subscription ? `${t("修改", "Edit")} ${terms.name}` : t("新订阅", "A new subscription");
  byId("subscription-name").value = terms?.name || "";
  byId("subscription-way").value = terms ? wayOf(terms) : "webhook";
  byId("subscription-severity").value = terms?.severity || "low";
  byId("subscription-every").checked = terms?.updates === "every";
  byId("subscription-thumbnail").checked = terms?.thumbnail ?? true;
  layWay();
  layChoices(terms);
  layMore(terms, others);
  byId("subscription-form").showModal();
}

function layWay() {
  const way = WAYS[byId("subscription-way").value];
  const kept = edited && wayOf(edited.terms) === byId("subscription-way").value && way.fields.length > 0;
  byId("subscription-help").textContent = way.help;
  byId("subscription-kept").hidden = !kept;
  byId("subscription-kept").textContent = kept ? t(`现用地址：${edited.terms.address}。留空则不变。`, `Now: ${edited.terms.address}. Leave empty to keep it.`) : "";
  inputs = {};
  byId("subscription-fields").replaceChildren(...way.fields.map((field) => wayField(field, kept)));
}

function wayField({ name, text, kind, placeholder, required }, kept) {
  if (kind === "tick") {
    const { label, box } = tick(text, false);
    inputs[name] = box;
    return label;
  }
  const made = make("input");
  made.type = { secret: "password", number: "number", url: "url", email: "email" }[kind] || "text";
  const autocomplete = kind === "secret" ? "new-password" : "off";
  Object.assign(made, { required: Boolean(required) && !kept, placeholder: placeholder || "", autocomplete, name });
  inputs[name] = made;
  return labelled(text, made);
}

function layChoices(terms) {
  const offered = communities(terms?.communities);
  choices("subscription-communities", t("小区（不选为全部）", "Communities, none is all"), offered, terms?.communities);
  const kinds = Object.entries(KINDS).filter(([kind]) => !NEVER_ALONE.has(kind));
  choices("subscription-kinds", t("种类（不选为全部）", "Kinds, none is all"), kinds, terms?.kinds);
}

function choices(id, title, options, chosen = []) {
  byId(id).replaceChildren(make("legend", title), ...options.map(([value, text]) => {
    const { label, box } = tick(text, chosen.includes(value));
    box.value = value;
    return label;
  }));
}

function layMore(terms, others) {
  hours = hoursField(t("只在这些时段", "Only at these hours"), terms?.hours[0]);
  byId("subscription-hours").replaceChildren(hours.element);
  byId("subscription-hours-more").hidden = !(terms?.hours.length > 1);
  const to = byId("subscription-escalate");
  const rest = others.filter((each) => each.subscription !== edited?.subscription);
  to.replaceChildren(new Option(t("不升级", "nobody"), ""), ...rest.map((each) => new Option(each.terms.name, each.subscription)));
  to.value = terms?.escalate?.to || "";
  byId("subscription-escalate-after").value = (terms?.escalate?.after_s || 300) / 60;
  byId("subscription-digest").checked = Boolean(terms?.digest);
  byId("subscription-digest-over").value = terms?.digest?.over ?? 20;
  byId("subscription-digest-after").value = (terms?.digest?.after_s ?? 60) / 60;
  byId("subscription-more").open = Boolean(terms && (terms.hours.length || terms.escalate || terms.digest));
}

const ticked = (id) => [...byId(id).querySelectorAll(":checked")].map((box) => box.value);

// "" where nothing was written: an address that is there stays.
function address(way) {
  const told = (field) => (field.type === "checkbox" ? field.checked : field.value.trim());
  const filled = Object.fromEntries(Object.entries(inputs).map(([name, field]) => [name, told(field)]));
  if (!Object.values(filled).some((value) => value && value !== true)) return "";
  const missing = way.fields.find(({ name, required }) => required && !filled[name]);
  if (missing) throw new Error(t(`要换地址，请填写${missing.text}。`, "To change the address fill in all of it."));
  return way.address(filled);
}

function read() {
  const way = WAYS[byId("subscription-way").value];
  const part = hours.read();
  const escalate = byId("subscription-escalate").value;
  return {
    name: byId("subscription-name").value.trim(), channel: way.channel, address: address(way),
    communities: ticked("subscription-communities"), kinds: ticked("subscription-kinds"), sources: edited?.terms.sources || [],
    severity: byId("subscription-severity").value, hours: part ? [part, ...(edited?.terms.hours.slice(1) || [])] : [],
    updates: byId("subscription-every").checked ? "every" : "first", thumbnail: byId("subscription-thumbnail").checked,
    digest: byId("subscription-digest").checked ? digest() : null,
    escalate: escalate ? { to: escalate, after_s: 60 * byId("subscription-escalate-after").value } : null,
  };
}

const digest = () => ({
  over: Number(byId("subscription-digest-over").value), after_s: 60 * byId("subscription-digest-after").value,
});

async function store() {
  const path = edited ? `/v1/subscriptions/${edited.subscription}` : "/v1/subscriptions";
  const made = await (await send(edited ? "PUT" : "POST", path, read())).json();
  await changed(made);
  say(t(`${made.terms.name} 已保存；发一条测试消息看看。`, `${made.terms.name} is saved: send a test message to be sure.`));
}

export function openMute(subscription) {
  edited = subscription;
  byId("mute-ask").reset();
  byId("mute-problem").textContent = "";
  byId("mute-title").textContent = `${t("静音", "Mute")} ${subscription.terms.name}`;
  byId("mute-until").value = fieldTime(Date.now() + MUTES[0][0]);
  byId("mute-form").showModal();
}

async function mute() {
  const body = { until: new Date(byId("mute-until").value).toISOString(), reason: byId("mute-reason").value };
  const muted = await (await send("POST", `/v1/subscriptions/${edited.subscription}/mute`, body)).json();
  await changed(muted);
  say(`${muted.terms.name} ${t("静音至", "is muted until")} ${local(Date.parse(muted.muted_until))}`);
}

// What is wrong is said in the form, which stays as it is.
async function sending(name, deed) {
  const problem = byId(`${name}-problem`);
  problem.textContent = "";
  try {
    await deed();
    byId(`${name}-form`).close();
  } catch (error) {
    problem.textContent = error.message;
  }
}
