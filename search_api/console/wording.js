// What the API's words are called on the page.

import { t } from "./language.js";

export const STATES = {
  open: t("未处理", "open"), acknowledged: t("已确认", "acknowledged"), dispatched: t("已派员", "dispatched"), closed: t("已关闭", "closed"),
};
export const OUTCOMES = { true: t("属实", "true"), false: t("误报", "false alarm"), test: t("测试", "test") };
export const SEVERITIES = { low: t("低", "low"), medium: t("中", "medium"), high: t("高", "high"), critical: t("紧急", "critical") };
export const SOURCES = { rule: t("规则", "rule"), watch: t("布控", "watch"), care: t("关爱", "care"), camera: t("摄像机", "camera") };
export const KINDS = {
  intrusion: t("区域入侵", "intrusion"), line_crossing: t("越线", "line crossing"), loitering: t("徘徊", "loitering"), crowd: t("人群聚集", "crowd"),
  crowd_density: t("人群聚集", "crowd"), counting: t("人数统计", "count"), running: t("奔跑", "running"), wrong_way: t("逆行", "wrong way"),
  abandoned_object: t("遗留物", "object left behind"), removed_object: t("物品被移走", "object removed"),
  fire_lane_blocked: t("消防通道占用", "fire lane blocked"), e_bike_indoors: t("电动车入楼", "e-bike indoors"), fall: t("跌倒", "fall"),
  watch: t("布控命中", "watched one seen"), left_unaccompanied: t("独自离开小区", "left alone"), not_home_by: t("未按时回家", "not home in time"),
  not_seen: t("长时间未见", "not seen for long"), camera_offline: t("摄像机离线", "camera offline"), camera_frozen: t("画面冻结", "picture frozen"),
  camera_covered: t("镜头被遮挡", "lens covered"), camera_moved: t("摄像机被移动", "camera moved"), camera_defocused: t("画面失焦", "out of focus"),
};
const VALUES = {
  black: "黑", white: "白", grey: "灰", red: "红", blue: "蓝", yellow: "黄", orange: "橙", brown: "棕", green: "绿",
  purple: "紫", cyan: "青", pink: "粉", unknown: "未知", car: "轿车", suv: "越野车", van: "面包车", truck: "货车", bus: "客车",
};
// What was measured; the word itself where there is no Chinese for it.
const LOOKS = { upper_colour: t("上衣", "top"), lower_colour: t("下装", "bottom"), any_colour: t("衣服", "clothes") };
export const lookName = (look) => LOOKS[look] || "";
export const worded = (value) => value.split(" ").map((each) => (VALUES[each] ? t(VALUES[each], each) : each)).join(" ");
export const looksOf = (sighting) => Object.entries(sighting.attributes)
  .map(([look, value]) => [lookName(look), worded(value)].filter(Boolean).join(" ")).join(t("，", ", ", ""));

// Why a camera gives no picture, and what to look at.
const REASONS = {
  refused: t("连不上：检查地址、端口、路径，是否开机", "nobody answers there: check address, port and path, and whether it is on"),
  unauthorised: t("用户名或密码不对", "wrong user name or password"),
  timeout: t("没有应答：检查网络和供电", "no answer: check network and power"),
  end_of_stream: t("码流或录像已结束", "the stream or recording ended"),
  decode_error: t("画面无法解码：检查编码设置", "nothing to decode: check the camera's encoding"),
  no_video: t("该地址没有视频", "there is no video at this address"),
  bad_source: t("不是摄像机地址或录像：检查站点文件", "no camera and no recording: check the site file"),
  overloaded: t("本机负荷已满，暂不读取", "this machine has no room for it now"),
  asked: t("已停止", "stopped when asked"),
};
export const reasonText = (reason) => (reason ? REASONS[reason] || reason : "");
