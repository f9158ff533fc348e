// Where messages go: what each channel has to know, and the address the API wants made of it.

const part = encodeURIComponent;
const at = (f) => `${f.host}${f.port ? `:${f.port}` : ""}`;
const login = (f) => (f.user || f.password ? `${part(f.user || "")}${f.password ? `:${part(f.password)}` : ""}@` : "");
const host = { name: "host", text: "服务器 Host", placeholder: "broker.example.org", required: true };
const tls = { name: "tls", text: "加密 TLS", kind: "tick" };
const user = { name: "user", text: "用户名 User" };
const password = { name: "password", text: "密码 Password", kind: "secret" };
const port = (usual) => ({ name: "port", text: "端口 Port", kind: "number", placeholder: usual });

// Channels as people know them; `channel` is what the API calls it.
export const WAYS = {
  webhook: {
    text: "网络回调 Webhook", channel: "webhook", help: "向平台的 HTTPS 地址发送签名消息。 Signed messages to a system's address.",
    fields: [{ name: "url", text: "网址 URL", kind: "url", placeholder: "https://example.org/hook", required: true }],
    address: (f) => f.url,
  },
  wecom: {
    text: "企业微信群 WeCom group", channel: "apprise", help: "在群里添加机器人，复制 key。 Add a robot to the group and copy its key.",
    fields: [{ name: "key", text: "机器人 key", kind: "secret", required: true }], address: (f) => `wecombot://${part(f.key)}`,
  },
  dingtalk: {
    text: "钉钉群 DingTalk group", channel: "apprise", help: "在群里添加自定义机器人（加签）。 Add a custom robot, signed.",
    fields: [
      { name: "token", text: "access_token", kind: "secret", required: true },
      { name: "secret", text: "加签密钥 Secret (SEC…)", kind: "secret" },
    ],
    address: (f) => `dingtalk://${f.secret ? `${part(f.secret)}@` : ""}${part(f.token)}`,
  },
  feishu: {
    text: "飞书群 Feishu group", channel: "apprise", help: "在群里添加机器人，复制地址末尾的一段。 Add a robot and copy the end of its address.",
    fields: [{ name: "token", text: "机器人 token", kind: "secret", required: true }], address: (f) => `feishu://${part(f.token)}`,
  },
  mail: {
    text: "邮件 E-mail", channel: "apprise", help: "用一个邮箱账号发信。 Sent from a mail account.",
    fields: [
      { name: "to", text: "收件人 To", kind: "email", required: true },
      { ...host, text: "发信服务器 SMTP host", placeholder: "smtp.example.org" },
      { name: "user", text: "账号 Account", required: true, placeholder: "duty@example.org" },
      { ...password, required: true },
    ],
    address: (f) => {
      const told = { user: f.user, pass: f.password, smtp: f.host, from: f.user, to: f.to };
      const query = Object.entries(told).map(([name, value]) => `${name}=${part(value)}`).join("&");
      return `mailtos://${f.user.split("@")[1] || f.host}?${query}`;
    },
  },
  mqtt: {
    text: "MQTT", channel: "mqtt", help: "发布到一个主题。 Published to a topic.",
    fields: [
      host, port("1883 / 8883"), tls, { name: "topic", text: "主题 Topic", placeholder: "zhian/alerts", required: true },
      user, password,
    ],
    address: (f) => `mqtt${f.tls ? "s" : ""}://${login(f)}${at(f)}/${f.topic.split("/").map(part).join("/")}`,
  },
  redis: {
    text: "Redis", channel: "redis", help: "写入一个 Stream。 Added to a stream.",
    fields: [
      host, port("6379"), tls, { name: "stream", text: "Stream", placeholder: "zhian.alerts", required: true },
      { name: "database", text: "库 Database", kind: "number", placeholder: "0" }, password,
    ],
    address: (f) => `redis${f.tls ? "s" : ""}://${login(f)}${at(f)}/${f.database || 0}?stream=${part(f.stream)}`,
  },
  other: {
    text: "其他（Apprise 地址） Other", channel: "apprise", help: "站点文件 alerting.apprise_schemes 允许的地址。 What the site file allows.",
    fields: [{ name: "address", text: "地址 Address", kind: "secret", required: true }], address: (f) => f.address,
  },
  stream: {
    text: "本页与大屏 Event stream", channel: "stream", fields: [], address: () => "",
    help: "不外发：程序或大屏用它读 /v1/events。 Nothing is sent: a program or a wall screen reads /v1/events with it.",
  },
};

const SCHEMES = { wecombot: "wecom", dingtalk: "dingtalk", feishu: "feishu", lark: "feishu", mailto: "mail", mailtos: "mail" };

// Which way a subscription that is there goes.
export function wayOf(terms) {
  return terms.channel === "apprise" ? SCHEMES[terms.address.split("://")[0]] || "other" : terms.channel;
}
