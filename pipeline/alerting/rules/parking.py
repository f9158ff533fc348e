"""Which vehicles stand, so that they neither hide the ground nor count as things that somebody left."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.boxes import iou
from models.kinds import Kind
from pipeline.alerting.rules.scene import Scene

Array = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class _Stand:
    """Where a vehicle stands: centre (2,), since when, its last box (4,) and when that was seen."""

    centre: Array
    since_ms: int
    box: Array
    seen_ms: int


@dataclass(slots=True)
class Parking:
    """Remembers vehicles; one that moved less than `creep` of its height for `rest_s` stands.

    A box is a vehicle's when it overlaps (IoU) one seen in the last `kept_s` by `overlap` or more: a detector does not
    see a parked vehicle in every picture.
    """

    creep: float = 0.25
    rest_s: float = 3.0
    kept_s: float = 60.0
    overlap: float = 0.3
    _stands: dict[int, _Stand] = field(init=False, default_factory=dict)
    _gone: list[_Stand] = field(init=False, default_factory=list)

    def observe(self, scene: Scene) -> NDArray[np.bool_]:
        """Take the scene and return a mask (m,) over `scene.around` of what may move: people, vehicles in motion."""
        around = scene.around
        moving = np.ones(len(around.track_id), np.bool_)
        for i in np.flatnonzero(around.class_id != Kind.PERSON.code):
            stand = self._standing(int(around.track_id[i]), around.xyxy[i], scene.t_ms)
            moving[i] = scene.t_ms - stand.since_ms < 1000.0 * self.rest_s
        self._gone += [self._stands.pop(track_id) for track_id in scene.ended if track_id in self._stands]
        self._gone = [stand for stand in self._gone if scene.t_ms - stand.seen_ms <= 1000.0 * self.kept_s]
        return moving

    def _standing(self, track_id: int, box: Array, t_ms: int) -> _Stand:
        """Return the stand of a vehicle: its own, that of one seen there before, or a new one when it moved."""
        centre, height = (box[:2] + box[2:]) / 2.0, float(box[3] - box[1])
        stand = self._stands.get(track_id) or self._known(box)
        if stand is None or float(np.hypot(*(centre - stand.centre))) > self.creep * height:
            stand = _Stand(centre, t_ms, box, t_ms)
        stand.box, stand.seen_ms = box, t_ms
        self._stands[track_id] = stand
        return stand

    def _known(self, box: Array) -> _Stand | None:
        stands = [*self._stands.values(), *self._gone]
        if not stands:
            return None
        near = iou(box[None], np.array([stand.box for stand in stands], np.float64))[0]
        best = int(np.argmax(near))
        return stands[best] if near[best] >= 0.5 else None

    def is_vehicle(self, box: Array) -> bool:
        """Tell whether a box (1, 4) in source pixels is a vehicle's."""
        boxes = [stand.box for stand in (*self._stands.values(), *self._gone)]
        return bool(boxes) and float(iou(box, np.array(boxes, np.float64)).max()) >= self.overlap

    def forget(self) -> None:
        """Keep the places, forget the numbers of the tracks."""
        self._gone += self._stands.values()
        self._stands.clear()
