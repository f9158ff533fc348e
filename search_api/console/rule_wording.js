// What the parts of rules are called on the page: [Chinese, English, unit].

import { t } from "./language.js";

export const FIELDS = {
  min_dwell_s: ["至少停留", "stays at least", t("秒", "s")], min_moved: ["至少移动", "moved at least", t("身高", "heights")],
  max_moved: ["最多移动", "moved at most", t("身高", "heights")], limit: ["人数", "limit", t("人", "people")],
  calm_s: ["低于上限多久后再报", "told again after so long below", t("秒", "s")], min_speed: ["快于", "faster than", t("身高/秒", "heights/s")],
  within_s: ["在多久内倒下", "falls within", t("秒", "s")], min_area: ["物品至少占画面", "at least this part of the picture", "0–1"],
  max_area: ["物品最多占画面", "at most this part of the picture", "0–1"],
  brought_within_s: ["放下前多久有人在旁", "somebody was near so shortly before", t("秒", "s")],
  min_height_px: ["忽略低于", "ignore what is lower than", t("像素", "px")],
  direction: ["方向", "direction", ""], in_direction: ["进入方向", "which way is in", ""],
};

export const CHOICES = {
  direction: { both: t("两个方向", "both ways"), "+": t("只算箭头方向", "one way: the arrow"), "-": t("只算相反方向", "one way: the other") },
  in_direction: { "+": t("箭头方向为进", "in is along the arrow"), "-": t("相反方向为进", "in is the other way") },
};

export const PARTS = { line: t("线", "line"), zone: t("区域", "zone"), heading: t("正确方向", "right way") };

export const TO_DRAW = {
  line: t("在画面上点两下：线的两端，画在脚走过的地面上。", "Tap both ends of the line, on the ground where feet go."),
  zone: t("沿边界逐点点击，至少三个角，画在地面上。", "Tap the corners one after the other, at least three, on the ground."),
  heading: t("点两下：从哪里来、往哪里去。", "Tap twice: where one comes from, where one goes."),
};

export const MEANINGS = {
  line_crossing: t("有人或车越过这条线时报警。", "Tells when somebody crosses the line."),
  counting: t("数进出这条线的人；里面超过上限才报警。", "Counts who goes in and out; tells only when more than the limit are inside."),
  intrusion: t("有人进入区域时报警。", "Tells when somebody enters the zone."),
  loitering: t("有人在区域内长时间停留时报警。", "Tells when somebody stays in the zone for long."),
  fire_lane_blocked: t("车辆停在消防通道时报警。", "Tells when a vehicle stands in the fire lane."),
  e_bike_indoors: t("电动车进入楼道、电梯时报警。", "Tells when an e-bike comes into a doorway, hall or lift."),
  crowd: t("区域内达到这么多人时报警。", "Tells when at least so many stand in the zone."),
  running: t("有人奔跑时报警。", "Tells when somebody runs."),
  wrong_way: t("有人逆着箭头走时报警。", "Tells when somebody goes against the arrow."),
  fall: t("有人倒地不起时报警（试验性）。", "Tells when somebody falls and stays down; experimental."),
  abandoned_object: t("物品被留下、旁边无人时报警。", "Tells when a thing is left and nobody is near."),
  removed_object: t("物品被拿走时报警。", "Tells when a thing was taken away."),
};

export const OBJECTS = { person: t("行人", "person"), motor_vehicle: t("机动车", "motor vehicle"), non_motor_vehicle: t("非机动车", "non-motor vehicle") };

export const RULE_STATES = {
  watching: t("值守中", "watching"), asleep: t("不在时段", "asleep"), off: t("已停用", "off"), faulty: t("超出画面", "outside the picture"),
};
