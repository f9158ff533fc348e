"""Who is in a zone, since when: hysteresis at the border instead of a flicker of visits."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.rules.geometry import depth_in_polygon
from pipeline.alerting.rules.scene import Scene

Array = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Visit:
    """One stay of one track: `frame` and `t_ms` of the entry, `inside_ms` when it was last inside.

    `entry` (2,) is the foot at the entry, `at` (2,) where it was last; `moved` how far from the entry it got, in object
    heights. `told` is for the rule.
    """

    track_id: int
    frame: int
    t_ms: int
    inside_ms: int
    entry: Array
    at: Array
    moved: float = 0.0
    told: bool = False

    @property
    def dwell_s(self) -> float:
        """Seconds from the entry to the last moment inside."""
        return (self.inside_ms - self.t_ms) / 1000.0


@dataclass(slots=True)
class Visits:
    """Watches one zone, a polygon (k, 2) of one camera.

    A visit begins with the first foot inside. It ends when the foot is `margin` object heights outside, when it stayed
    outside for more than `grace_s`, or with its track. What a step over the border interrupts goes on as one visit.
    """

    zone: Array
    margin: float = 0.1
    grace_s: float = 0.5
    open: dict[int, Visit] = field(init=False, default_factory=dict)

    def observe(self, scene: Scene) -> list[Visit]:
        """Return the visits of those that are in the zone in this scene, ordered as its tracks."""
        inside: list[Visit] = []
        grace_ms = 1000.0 * self.grace_s
        if len(scene):
            foot = scene.foot
            depth = depth_in_polygon(foot, self.zone) / scene.height
            for i, (track_id, deep) in enumerate(zip(scene.track_id.tolist(), depth.tolist(), strict=True)):
                visit = self.open.get(track_id)
                if deep < 0.0:
                    if visit is not None and (deep < -self.margin or scene.t_ms - visit.inside_ms > grace_ms):
                        del self.open[track_id]
                    continue
                if visit is None:
                    visit = self.open[track_id] = Visit(track_id, scene.frame, scene.t_ms, scene.t_ms, foot[i], foot[i])
                visit.inside_ms, visit.at = scene.t_ms, foot[i]
                visit.moved = max(visit.moved, float(np.hypot(*(foot[i] - visit.entry)) / scene.height[i]))
                inside.append(visit)
        for track_id in scene.ended:
            self.open.pop(track_id, None)
        return inside

    def restart(self, visit: Visit, scene: Scene) -> Visit:
        """Let the stay begin anew where the object is now, and return it."""
        visit = Visit(visit.track_id, scene.frame, scene.t_ms, scene.t_ms, visit.at, visit.at)
        self.open[visit.track_id] = visit
        return visit
