// What the parts of rules are called on the page: [Chinese, English, unit].

export const FIELDS = {
  min_dwell_s: ["至少停留", "stays at least", "秒 s"], min_moved: ["至少移动", "moved at least", "身高 heights"],
  max_moved: ["最多移动", "moved at most", "身高 heights"], limit: ["人数", "limit", "人 people"],
  calm_s: ["低于上限多久后再报", "told again after so long below", "秒 s"], min_speed: ["快于", "faster than", "身高/秒 heights/s"],
  within_s: ["在多久内倒下", "falls within", "秒 s"], min_area: ["物品至少占画面", "at least this part of the picture", "0–1"],
  max_area: ["物品最多占画面", "at most this part of the picture", "0–1"],
  brought_within_s: ["放下前多久有人在旁", "somebody was near so shortly before", "秒 s"],
  min_height_px: ["忽略低于", "ignore what is lower than", "像素 px"],
  direction: ["方向", "direction", ""], in_direction: ["进入方向", "which way is in", ""],
};

export const CHOICES = {
  direction: { both: "两个方向 both ways", "+": "只算箭头方向 one way: the arrow", "-": "只算相反方向 one way: the other" },
  in_direction: { "+": "箭头方向为进 in is along the arrow", "-": "相反方向为进 in is the other way" },
};

export const PARTS = { line: "线 line", zone: "区域 zone", heading: "正确方向 right way" };

export const TO_DRAW = {
  line: "在画面上点两下：线的两端，画在脚走过的地面上。 Tap both ends of the line, on the ground where feet go.",
  zone: "沿边界逐点点击，至少三个角，画在地面上。 Tap the corners one after the other, at least three, on the ground.",
  heading: "点两下：从哪里来、往哪里去。 Tap twice: where one comes from, where one goes.",
};

export const MEANINGS = {
  line_crossing: "有人或车越过这条线时报警。 Tells when somebody crosses the line.",
  counting: "数进出这条线的人；里面超过上限才报警。 Counts who goes in and out; tells only when more than the limit are inside.",
  intrusion: "有人进入区域时报警。 Tells when somebody enters the zone.",
  loitering: "有人在区域内长时间停留时报警。 Tells when somebody stays in the zone for long.",
  fire_lane_blocked: "车辆停在消防通道时报警。 Tells when a vehicle stands in the fire lane.",
  e_bike_indoors: "电动车进入楼道、电梯时报警。 Tells when an e-bike comes into a doorway, hall or lift.",
  crowd: "区域内达到这么多人时报警。 Tells when at least so many stand in the zone.",
  running: "有人奔跑时报警。 Tells when somebody runs.",
  wrong_way: "有人逆着箭头走时报警。 Tells when somebody goes against the arrow.",
  fall: "有人倒地不起时报警（试验性）。 Tells when somebody falls and stays down; experimental.",
  abandoned_object: "物品被留下、旁边无人时报警。 Tells when a thing is left and nobody is near.",
  removed_object: "物品被拿走时报警。 Tells when a thing was taken away.",
};

export const OBJECTS = { person: "行人 person", motor_vehicle: "机动车 motor vehicle", non_motor_vehicle: "非机动车 non-motor vehicle" };

export const RULE_STATES = {
  watching: "值守中 watching", asleep: "不在时段 asleep", off: "已停用 off", faulty: "超出画面 outside the picture",
};
