"""Who crosses a line, in which direction: hysteresis instead of a flicker of crossings."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.rules.geometry import crosses, distance_to_line
from pipeline.alerting.rules.scene import Scene

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A track crossed at `frame` (`t_ms`): the first one on the other side."""

    track_id: int
    frame: int
    t_ms: int
    direction: Literal["+", "-"]


@dataclass(slots=True, eq=False)
class _Side:
    """The side a track is known to be on, the last point (2,) there, and a crossing that is not certain yet."""

    positive: bool
    last: Array
    turned: tuple[int, int, Array] | None = None


@dataclass(slots=True)
class Crossings:
    """Watches one line (2, 2) of one camera.

    A crossing is certain when the foot is `margin` object heights beyond the line, or stayed beyond it for `settle_s`.
    Who returns before has not crossed, who walks around an end of the line has not either.
    """

    line: Array
    margin: float = 0.05
    settle_s: float = 0.3
    _sides: dict[int, _Side] = field(init=False, default_factory=dict)

    def observe(self, scene: Scene) -> list[Crossing]:
        """Return the crossings that became certain, ordered as the tracks of the scene."""
        found: list[Crossing] = []
        if len(scene):
            foot = scene.foot
            distance = distance_to_line(foot, self.line)
            far = np.abs(distance) >= self.margin * scene.height
            for track_id, point, positive, certain in zip(
                scene.track_id.tolist(), foot, (distance >= 0.0).tolist(), far.tolist(), strict=True
            ):
                crossing = self._step(scene, track_id, point, positive, certain)
                if crossing is not None:
                    found.append(crossing)
        for track_id in scene.ended:
            self._sides.pop(track_id, None)
        return found

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._sides.clear()

    def _step(self, scene: Scene, track_id: int, point: Array, positive: bool, certain: bool) -> Crossing | None:
        side = self._sides.get(track_id)
        if side is None:
            self._sides[track_id] = _Side(positive, point)
            return None
        if positive == side.positive:
            side.last, side.turned = point, None
            return None
        if side.turned is None:
            side.turned = (scene.frame, scene.t_ms, point)
        frame, t_ms, beyond = side.turned
        if not certain and scene.t_ms - t_ms < 1000.0 * self.settle_s:
            return None
        passed = crosses(side.last, beyond, self.line)
        self._sides[track_id] = _Side(positive, point)
        return Crossing(track_id, frame, t_ms, "+" if positive else "-") if passed else None
