// What the API's words are called on the page.

import { t } from "./language.js";

export const STATES = {
  open: t("未处理", "open"), acknowledged: t("已确认", "acknowledged"), dispatched: t("已派员", "dispatched"), closed: t("已关闭", "closed"),
};
export const OUTCOMES = { true: t("属实", "true"), false: t("误报", "false"), test: t("测试", "test") };
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
export const worded = (value) => value.split(" ").map((each) => (VALUES[each] ? t(VALUES[each], each) : each)).join(" ");
