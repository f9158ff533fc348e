// What the API's words are called on the page.

export const STATES = {
  open: "未处理 open", acknowledged: "已确认 acknowledged", dispatched: "已派员 dispatched", closed: "已关闭 closed",
};
export const OUTCOMES = { true: "属实 true", false: "误报 false", test: "测试 test" };
export const SEVERITIES = { low: "低 low", medium: "中 medium", high: "高 high", critical: "紧急 critical" };
export const SOURCES = { rule: "规则 rule", watch: "布控 watch", care: "关爱 care", camera: "摄像机 camera" };
export const KINDS = {
  intrusion: "区域入侵 intrusion", line_crossing: "越线 line crossing", loitering: "徘徊 loitering", crowd: "人群聚集 crowd",
  crowd_density: "人群聚集 crowd", counting: "人数统计 count", running: "奔跑 running", wrong_way: "逆行 wrong way",
  abandoned_object: "遗留物 object left behind", removed_object: "物品被移走 object removed",
  fire_lane_blocked: "消防通道占用 fire lane blocked", e_bike_indoors: "电动车入楼 e-bike indoors", fall: "跌倒 fall",
  watch: "布控命中 watched one seen", left_unaccompanied: "独自离开小区 left alone", not_home_by: "未按时回家 not home in time",
  not_seen: "长时间未见 not seen for long", camera_offline: "摄像机离线 camera offline", camera_frozen: "画面冻结 picture frozen",
  camera_covered: "镜头被遮挡 lens covered", camera_moved: "摄像机被移动 camera moved", camera_defocused: "画面失焦 out of focus",
};
const VALUES = {
  black: "黑", white: "白", grey: "灰", red: "红", blue: "蓝", yellow: "黄", orange: "橙", brown: "棕", green: "绿",
  purple: "紫", cyan: "青", pink: "粉", unknown: "未知", car: "轿车", suv: "越野车", van: "面包车", truck: "货车", bus: "客车",
};
// What was measured, in both languages; the word itself where there is no Chinese for it.
export const worded = (value) => value.split(" ").map((each) => (VALUES[each] ? `${VALUES[each]} ${each}` : each)).join(" ");
