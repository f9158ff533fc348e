// Subscriptions: who is told of what, by which way, and whether the messages arrive.

import { ask, asked, send } from "./api.js";
import { wayOf, WAYS } from "./addresses.js";
import { communityName, readCameras } from "./cameras.js";
import { button, byId, copyText, joined, local, make, say } from "./dom.js";
import { t } from "./language.js";
import { confirmed } from "./question.js";
import { openMute, openSubscription, startSubscriptionForms } from "./subscription_form.js";
import { KINDS, SEVERITIES, SOURCES } from "./wording.js";

const DAY_NAMES = { mon: "一", tue: "二", wed: "三", thu: "四", fri: "五", sat: "六", sun: "日" };
const LETTERS = { pending: t("待发", "pending"), delivered: t("已送达", "delivered"), dead: t("未送达", "given up") };
let all = [];

export function startSubscriptions() {
  byId("subscription-new").addEventListener("click", () => openSubscription(null, all));
  startSubscriptionForms(added);
}

export async function showSubscriptions() {
  await readCameras();
  await refresh();
}

async function refresh() {
  all = await asked("/v1/subscriptions");
  byId("subscription-list").replaceChildren(...all.map(card));
  byId("subscription-none").hidden = all.length > 0;
}

// After a change; a webhook's secret is in the answer to its making, and in no other.
async function added(subscription) {
  await refresh();
  const item = itemOf(subscription.subscription);
  if (subscription.secret) item.append(secretOf(subscription.secret));
  item.scrollIntoView({ block: "nearest" });
}

const itemOf = (id) => [...byId("subscription-list").children].find((item) => item.dataset.subscription === id);
const tried = (deed) => deed().catch((error) => say(error.message, true));

function secretOf(secret) {
  const box = make("div", undefined, "story secret");
  const shown = make("code", secret);
  const copy = button(t("复制", "Copy"), () => tried(async () => { await copyText(secret); say(t("已复制。", "Copied.")); }));
  box.append(make("b", t("签名密钥，只显示这一次，请现在交给接收方", "Signing secret, shown only now: hand it to the receiver")), shown, copy);
  return box;
}

function card(subscription) {
  const { terms } = subscription;
  const muted = subscription.muted_until && Date.parse(subscription.muted_until) > Date.now();
  const item = make("li", undefined, `subscription${subscription.failing ? " failing" : ""}`);
  item.dataset.subscription = subscription.subscription;
  const title = make("div", undefined, "top");
  title.append(make("b", terms.name), stateOf(subscription, muted));
  item.append(title, make("div", joined(WAYS[wayOf(terms)].text, terms.address)), make("div", wanted(terms), "soft"),
    make("div", arrivals(subscription), "soft"));
  if (subscription.failing) item.append(make("p", `${t("接收方不收消息", "The receiver takes no messages")}: ${subscription.failing}`, "bad"));
  const until = muted && `${t("静音至", "muted until")} ${local(Date.parse(subscription.muted_until))}`;
  if (muted) item.append(make("div", joined(until, subscription.muted_by, subscription.mute_reason)));
  item.append(acts(subscription, item, muted));
  return item;
}

function stateOf(subscription, muted) {
  if (muted) return make("span", t("静音", "muted"), "badge state-connecting");
  if (subscription.failing) return make("span", t("送不到", "failing"), "badge state-backing_off");
  return make("span", t("正常", "at work"), "badge state-live");
}

function wanted(terms) {
  const named = [...terms.sources.map((source) => SOURCES[source]), ...terms.kinds.map((kind) => KINDS[kind] || kind)];
  const kinds = named.join("、") || t("所有种类", "all kinds");
  const communities = terms.communities.map(communityName).join("、") || t("所有小区", "all communities");
  const graver = terms.severity === "low" ? "" : `${SEVERITIES[terms.severity]} ${t("及以上", "and above")}`;
  const every = terms.updates === "every" ? t("每一步", "every step") : t("首次和升级", "first and graver");
  return joined(communities, kinds, graver, terms.hours.map(hours).join("；"), every);
}

function hours(part) {
  const some = part.days && part.days.length < 7;
  const days = some ? `${t(`周${part.days.map((day) => DAY_NAMES[day]).join("")}`, part.days.join(","))} ` : "";
  return `${days}${(part.from || "00:00").slice(0, 5)}–${(part.to || "24:00").slice(0, 5)}`;
}

function arrivals({ terms, pending, delivered, dead }) {
  if (terms.channel === "stream") return t("由对方读取", "read by the subscriber");
  const escalation = terms.escalate && all.find((each) => each.subscription === terms.escalate.to);
  const next = escalation ? t(`${Math.round(terms.escalate.after_s / 60)} 分钟无人确认则通知 ${escalation.terms.name}`, `unacknowledged for ${Math.round(terms.escalate.after_s / 60)} min: ${escalation.terms.name}`) : "";
  return joined(`${LETTERS.delivered} ${delivered}`, pending && `${LETTERS.pending} ${pending}`, dead && `${LETTERS.dead} ${dead}`, next);
}

function acts(subscription, item, muted) {
  const { subscription: id, terms } = subscription;
  const line = make("div", undefined, "line");
  const sends = terms.channel !== "stream";
  if (sends) line.append(button(t("发测试消息", "Send a test"), ({ target }) => tried(() => test(subscription, target)), "strong"));
  line.append(button(t("修改", "Edit"), () => openSubscription(subscription, all)));
  if (muted) line.append(button(t("取消静音", "Unmute"), () => tried(() => unmute(id))));
  else line.append(button(t("静音", "Mute"), () => openMute(subscription)));
  if (sends) line.append(button(t("消息", "Messages"), () => tried(() => letters(subscription, item))));
  line.append(button(t("删除", "Delete"), () => tried(() => remove(subscription)), "grave"));
  return line;
}

async function unmute(id) {
  await ask(`/v1/subscriptions/${id}/mute`, { method: "DELETE" });
  await refresh();
}

async function test({ subscription, terms }, pressed) {
  pressed.disabled = true;
  say(t(`正在向 ${terms.name} 发送…`, `Sending to ${terms.name}…`));
  try {
    const receipt = await asked(`/v1/subscriptions/${subscription}/test`, { method: "POST" });
    if (receipt.delivered) say(`${t(`${terms.name} 收到了测试消息。`, `Received by ${terms.name}:`)} ${receipt.receipt}`);
    else say(`${t(`${terms.name} 没有收到。`, `Not received by ${terms.name}:`)} ${receipt.reason}`, true);
  } finally {
    pressed.disabled = false;
  }
}

async function letters({ subscription }, item) {
  const before = item.querySelector(".story.letters");
  before?.remove();
  if (before) return;
  const sent = await asked(`/v1/subscriptions/${subscription}/letters?limit=30`);
  const story = make("div", undefined, "story letters");
  if (!sent.length) story.append(make("p", t("还没有消息。", "No message yet.")));
  const list = make("ol");
  list.append(...sent.map((letter) => {
    const when = local(letter.tried_ms ?? letter.noted_ms);
    return make("li", joined(when, LETTERS[letter.state], letter.receipt || letter.reason));
  }));
  story.append(list);
  const dead = sent.some((letter) => letter.state === "dead");
  if (dead) story.append(button(t("重发未送达的", "Send again"), () => tried(() => resend(subscription))));
  item.append(story);
}

async function resend(subscription) {
  const { resent } = await (await send("POST", `/v1/subscriptions/${subscription}/resend`, {})).json();
  await refresh();
  say(t(`重发 ${resent} 条。`, `${resent} are sent again.`));
}

async function remove({ subscription, terms, pending }) {
  const lost = pending ? t(`还有 ${pending} 条待发，将不再发送。`, `${pending} waiting messages will not be sent.`) : "";
  const what = `${t(`${terms.name} 不再收到任何消息。`, `${terms.name} is told nothing any more.`)} ${lost}`;
  const sure = await confirmed(t("删除订阅", "Delete the subscription"), what, t("删除", "Delete"));
  if (!sure) return;
  await ask(`/v1/subscriptions/${subscription}`, { method: "DELETE" });
  await refresh();
  say(t(`已删除 ${terms.name}。`, `${terms.name} is deleted.`));
}
