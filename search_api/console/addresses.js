// Where messages go: what each channel has to know, and the address the API wants made of it.

import { t } from "./language.js";

const part = encodeURIComponent;
const at = (f) => `${f.host}${f.port ? `:${f.port}` : ""}`;
const login = (f) => (f.user || f.password ? `${part(f.user || "")}${f.password ? `:${part(f.password)}` : ""}@` : "");
const host = { name: "host", text: t("服务器", "Host"), placeholder: "broker.example.org", required: true };
const tls = { name: "tls", text: t("加密（TLS）", "Encrypted (TLS)"), kind: "tick" };
const user = { name: "user", text: t("用户名", "User") };
const password = { name: "password", text: t("密码", "Password"), kind: "secret" };
const port = (usual) => ({ name: "port", text: t("端口", "Port"), kind: "number", placeholder: usual });

// Channels as people know them; `channel` is what the API calls it.
export const WAYS = {
  webhook: {
    text: t("网络回调", "Webhook"), channel: "webhook", help: t("向平台的 HTTPS 地址发送签名消息。", "Signed messages to a system's address."),
    fields: [{ name: "url", text: t("网址", "URL"), kind: "url", placeholder: "https://example.org/hook", required: true }],
    address: (f) => f.url,
  },
  wecom: {
    text: t("企业微信群", "WeCom group"), channel: "apprise", help: t("在群里添加机器人，复制 key。", "Add a robot to the group and copy its key."),
    fields: [{ name: "key", text: t("机器人 key", "Key of the robot"), kind: "secret", required: true }], address: (f) => `wecombot://${part(f.key)}`,
  },
  dingtalk: {
    text: t("钉钉群", "DingTalk group"), channel: "apprise", help: t("在群里添加自定义机器人（加签）。", "Add a custom robot, signed."),
    fields: [
      { name: "token", text: "access_token", kind: "secret", required: true },
      { name: "secret", text: t("加签密钥（SEC…）", "Secret (SEC…)"), kind: "secret" },
    ],
    address: (f) => `dingtalk://${f.secret ? `${part(f.secret)}@` : ""}${part(f.token)}`,
  },
  feishu: {
    text: t("飞书群", "Feishu group"), channel: "apprise", help: t("在群里添加机器人，复制地址末尾的一段。", "Add a robot and copy the end of its address."),
    fields: [{ name: "token", text: t("机器人 token", "Token of the robot"), kind: "secret", required: true }], address: (f) => `feishu://${part(f.token)}`,
  },
  mail: {
    text: t("邮件", "E-mail"), channel: "apprise", help: t("用一个邮箱账号发信。", "Sent from a mail account."),
    fields: [
      { name: "to", text: t("收件人", "To"), kind: "email", required: true },
      { ...host, text: t("发信服务器", "SMTP host"), placeholder: "smtp.example.org" },
      { name: "user", text: t("账号", "Account"), required: true, placeholder: "duty@example.org" },
      { ...password, required: true },
    ],
    address: (f) => {
      const told = { user: f.user, pass: f.password, smtp: f.host, from: f.user, to: f.to };
      const query = Object.entries(told).map(([name, value]) => `${name}=${part(value)}`).join("&");
      return `mailtos://${f.user.split("@")[1] || f.host}?${query}`;
    },
  },
  mqtt: {
    text: "MQTT", channel: "mqtt", help: t("发布到一个主题。", "Published to a topic."),
    fields: [
      host, port("1883 / 8883"), tls, { name: "topic", text: t("主题", "Topic"), placeholder: "zhian/alerts", required: true },
      user, password,
    ],
    address: (f) => `mqtt${f.tls ? "s" : ""}://${login(f)}${at(f)}/${f.topic.split("/").map(part).join("/")}`,
  },
  redis: {
    text: "Redis", channel: "redis", help: t("写入一个 Stream。", "Added to a stream."),
    fields: [
      host, port("6379"), tls, { name: "stream", text: "Stream", placeholder: "zhian.alerts", required: true },
      { name: "database", text: t("库", "Database"), kind: "number", placeholder: "0" }, password,
    ],
    address: (f) => `redis${f.tls ? "s" : ""}://${login(f)}${at(f)}/${f.database || 0}?stream=${part(f.stream)}`,
  },
  other: {
    text: t("其他（Apprise 地址）", "Other"), channel: "apprise", help: t("站点文件 alerting.apprise_schemes 允许的地址。", "What the site file allows."),
    fields: [{ name: "address", text: t("地址", "Address"), kind: "secret", required: true }], address: (f) => f.address,
  },
  stream: {
    text: t("本页与大屏", "Event stream"), channel: "stream", fields: [], address: () => "",
    help: t("不外发：程序或大屏用它读 /v1/events。", "Nothing is sent: a program or a wall screen reads /v1/events with it."),
  },
};

const SCHEMES = { wecombot: "wecom", dingtalk: "dingtalk", feishu: "feishu", lark: "feishu", mailto: "mail", mailtos: "mail" };

// Which way a subscription that is there goes.
export function wayOf(terms) {
  return terms.channel === "apprise" ? SCHEMES[terms.address.split("://")[0]] || "other" : terms.channel;
}
