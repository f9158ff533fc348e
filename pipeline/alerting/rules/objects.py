"""Rules about things: left behind, or taken away."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import iou
from models.kinds import Kind
from pipeline.alerting.alert import Fact
from pipeline.alerting.rules.geometry import inside_polygon
from pipeline.alerting.rules.parking import Parking
from pipeline.alerting.rules.scene import Event, Scene
from pipeline.alerting.rules.settings import ObjectSettings, as_array
from pipeline.alerting.rules.still_picture import Box, Patch, StillPicture

Array = NDArray[np.float64]
_EVERY_S = 0.5  # things rest: to look twice a second is enough
_WIDTH = 256
_SAME = 0.3  # overlap (IoU) of a thing with itself half a second later
_FORGOTTEN_S = 2.0
_STAYS_S = 5.0
_NEAR_S = 1.0  # somebody seen so shortly ago is still there


@dataclass(slots=True, eq=False)
class _Thing:
    """Something that came to rest: its box in the small picture and when it was last seen.

    alone_s: for how long nobody was near. near_s: for how long somebody is: who passes by only makes it wait, who stays
    makes it begin anew.
    """

    box: Box
    seen_ms: int
    alone_s: float
    near_s: float = 0.0
    told: bool = False

    def wait(self, dt_s: float, *, near: bool) -> None:
        """Let time pass."""
        if not near:
            self.alone_s, self.near_s = self.alone_s + dt_s, 0.0
            return
        self.near_s += dt_s
        if self.near_s >= _STAYS_S:
            self.alone_s = 0.0


@dataclass(slots=True)
class Things:
    """Tells each thing once that appeared (or, for a rule of removed things, vanished) and is left alone.

    Left alone is what nobody was near for `min_dwell_s`. Somebody must have been near before it came to rest: light and
    shadow come alone. Near is within half a body height of somebody's box. A vehicle is no thing, parked or not. Needs
    scenes with pictures.
    """

    settings: ObjectSettings
    _still: StillPicture | None = field(init=False, default=None)
    _things: list[_Thing] = field(init=False, default_factory=list)
    _parking: Parking = field(init=False, default_factory=Parking)
    _company_ms: NDArray[np.int64] = field(init=False)
    _looked_ms: int | None = field(init=False, default=None)

    def forget(self) -> None:
        """Forget the tracks; what rests goes on resting."""
        self._parking.forget()

    def observe(self, scene: Scene) -> list[Event]:
        """Return the things that have been left alone for long enough; frame and time are this scene's."""
        dt_s = _EVERY_S if self._looked_ms is None else (scene.t_ms - self._looked_ms) / 1000.0
        if scene.image is None or dt_s < 0.9 * _EVERY_S:
            return []
        self._looked_ms = scene.t_ms
        small = _small(scene.image)
        still = self._opened((small.shape[0], small.shape[1]))
        busy = self._busy(scene, still.shape)
        pixels = still.shape[0] * still.shape[1]
        least, most = self.settings.min_area * pixels, self.settings.max_area * pixels
        patches = still.show(small, min(dt_s, 10 * _EVERY_S), busy, least, most)
        found = (self._judged(p, self._thing(p, scene), scene) for p in patches if self._wanted(p, scene))
        return [event for event in found if event is not None]

    def _opened(self, shape: tuple[int, int]) -> StillPicture:
        if self._still is None or self._still.shape != shape:
            self._still, self._things = StillPicture(shape), []
            self._company_ms = np.full(shape, np.iinfo(np.int64).min // 2, np.int64)
        return self._still

    def _busy(self, scene: Scene, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Mark where somebody or something moves, and note who is near what."""
        busy = np.zeros(shape, np.bool_)
        scale = _scale(scene, shape)
        moving = self._parking.observe(scene)
        for i, box in enumerate(scene.around.xyxy * scale):
            if moving[i]:
                busy[_grown(box, 0.1 * (box[2] - box[0]))] = True
            if scene.around.class_id[i] == Kind.PERSON.code:
                self._company_ms[_grown(box, 0.5 * (box[3] - box[1]))] = scene.t_ms
        return busy

    def _wanted(self, patch: Patch, scene: Scene) -> bool:
        """Tell whether it is a thing, in the zone, that came or went as the rule says."""
        s, shape = self.settings, (patch.shape[0], patch.shape[1])
        if patch.appeared != (s.kind == "abandoned_object"):
            return False
        box = np.array([patch.box]) / _scale(scene, shape)
        foot = np.column_stack([(box[:, 0] + box[:, 2]) / 2.0, box[:, 3]])
        if s.zone is not None and not bool(inside_polygon(foot, as_array(s.zone))[0]):
            return False
        return not self._parking.is_vehicle(box)

    def _thing(self, patch: Patch, scene: Scene) -> _Thing:
        """Return the thing that the patch shows, a new one where none was."""
        forgotten_ms = scene.t_ms - 1000 * _FORGOTTEN_S
        self._things = [thing for thing in self._things if thing.seen_ms >= forgotten_ms]
        own = np.array([patch.box], np.float64)
        away_s = (scene.t_ms - int(self._company_ms[_inside(patch.box)].max())) / 1000.0
        for thing in self._things:
            if float(iou(own, np.array([thing.box], np.float64))[0, 0]) >= _SAME:
                thing.wait((scene.t_ms - thing.seen_ms) / 1000.0, near=away_s < _NEAR_S)
                thing.box, thing.seen_ms = patch.box, scene.t_ms
                return thing
        self._things.append(_Thing(patch.box, scene.t_ms, min(away_s, patch.steady_s)))
        return self._things[-1]

    def _judged(self, patch: Patch, thing: _Thing, scene: Scene) -> Event | None:
        s = self.settings
        away_s = (scene.t_ms - int(self._company_ms[_inside(patch.box)].max())) / 1000.0
        brought = away_s <= patch.steady_s + s.brought_within_s
        if thing.told or not brought or min(thing.alone_s, patch.steady_s) < s.min_dwell_s:
            return None
        thing.told = True
        box = (np.array(patch.box) / _scale(scene, patch.shape)).round().astype(int).tolist()
        facts: dict[str, Fact] = {"alone_s": round(thing.alone_s, 1), "box": ",".join(map(str, box))}
        return Event(s.name, s.kind, 0, scene.frame, scene.t_ms, facts=facts)


def _inside(box: Box) -> tuple[slice, slice]:
    return slice(box[1], box[3]), slice(box[0], box[2])


def _grown(box: Array, far: float) -> tuple[slice, slice]:
    """Rows and columns of a box that grew by `far` pixels on every side."""
    x1, y1 = np.maximum(np.floor(box[:2] - far), 0).astype(int)
    x2, y2 = np.maximum(np.ceil(box[2:] + far), 0).astype(int)
    return slice(y1, y2), slice(x1, x2)


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if width <= _WIDTH:
        return image
    size = (_WIDTH, max(1, round(height * _WIDTH / width)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _scale(scene: Scene, shape: tuple[int, int]) -> Array:
    """Small pixels per source pixel: (4,) for x, y, x, y."""
    return np.array([shape[1] / scene.frame_size[0], shape[0] / scene.frame_size[1]] * 2)
