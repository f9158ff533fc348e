"""Where objects were in the last seconds."""

from collections import deque
from dataclasses import dataclass, field
from math import hypot

import numpy as np

from pipeline.alerting.rules.scene import Scene

_GAP_MS = 1500  # a way with a longer hole in it is begun anew


@dataclass(slots=True, eq=False)
class Trail:
    """The last seconds of one track: steps of frame, t_ms, foot x, foot y, width, height; `told` is for rules."""

    steps: deque[tuple[int, int, float, float, float, float]] = field(default_factory=deque)
    told: bool = False

    @property
    def lasts_s(self) -> float:
        """Seconds from the first step that is kept to the last."""
        return (self.steps[-1][1] - self.steps[0][1]) / 1000.0

    @property
    def height(self) -> float:
        """Median height in pixels."""
        return sorted(step[5] for step in self.steps)[len(self.steps) // 2]

    def covered(self) -> float:
        """Distance in median heights from the first step's foot to the last one's."""
        first, last = self.steps[0], self.steps[-1]
        return hypot(last[2] - first[2], last[3] - first[3]) / self.height


@dataclass(slots=True)
class Trails:
    """Keeps the trails of one camera; `window_s` is how far they reach back, at least two steps."""

    window_s: float
    kept: dict[int, Trail] = field(init=False, default_factory=dict)

    def observe(self, scene: Scene) -> list[tuple[int, Trail]]:
        """Add the scene and return (track id, trail) of the objects in it, in its order."""
        found = []
        width = scene.xyxy[:, 2] - scene.xyxy[:, 0]
        columns = np.column_stack([scene.foot, width, scene.height]).tolist()
        for track_id, (x, y, w, h) in zip(scene.track_id.tolist(), columns, strict=True):
            trail = self.kept.setdefault(track_id, Trail())
            if trail.steps and scene.t_ms - trail.steps[-1][1] > _GAP_MS:
                trail.steps.clear()
            trail.steps.append((scene.frame, scene.t_ms, x, y, w, h))
            while len(trail.steps) > 2 and scene.t_ms - trail.steps[1][1] >= 1000.0 * self.window_s:
                trail.steps.popleft()
            found.append((track_id, trail))
        for track_id in scene.ended:
            self.kept.pop(track_id, None)
        return found

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self.kept.clear()
