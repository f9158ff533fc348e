"""Who is in a zone, since when: hysteresis at the border instead of a flicker of visits."""

from dataclasses import dataclass, field, replace
from math import dist

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.rules.geometry import depth_in_polygon
from pipeline.alerting.rules.scene import Scene

Array = NDArray[np.float64]
Place = tuple[float, float]


@dataclass(slots=True, eq=False)
class Visit:
    """One stay of one track: `frame` and `t_ms` of the entry, `inside_ms` when it was last inside.

    `entry` is the foot at the entry, `at` where it was last; `moved` how far from the entry it got, in object
    heights. `told` is for the rule.
    """

    track_id: int
    frame: int
    t_ms: int
    inside_ms: int
    entry: Place
    at: Place
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
    A tracker loses people in mid-picture: a track that begins inside, where a visitor was seen last at most
    `heir_s` ago within `reach` heights and `reach_per_s` more for each second since, goes on with that visit.
    """

    zone: Array
    margin: float = 0.1
    grace_s: float = 0.5
    heir_s: float = 3.0
    reach: float = 0.4
    reach_per_s: float = 0.5
    open: dict[int, Visit] = field(init=False, default_factory=dict)
    _lost: list[Visit] = field(init=False, default_factory=list)
    _known: set[int] = field(init=False, default_factory=set)

    def observe(self, scene: Scene) -> list[Visit]:
        """Return the visits of those that are in the zone in this scene, ordered as its tracks."""
        inside: list[Visit] = []
        if len(scene):
            foot, height = scene.foot, scene.height
            depth = depth_in_polygon(foot, self.zone) / height
            shown, tall = scene.track_id.tolist(), height.tolist()
            places: list[Place] = [(x, y) for x, y in foot.tolist()]
            for track_id, deep, place, high in zip(shown, depth.tolist(), places, tall, strict=True):
                visit = self.open.get(track_id)
                if deep < 0.0:
                    if visit is not None and self._left(visit, deep, scene.t_ms):
                        del self.open[track_id]
                    continue
                if visit is None:
                    visit = self._begun(scene, track_id, place, high)
                visit.inside_ms, visit.at = scene.t_ms, place
                visit.moved = max(visit.moved, dist(place, visit.entry) / high)
                inside.append(visit)
            self._known.update(shown)
        self._forget(scene)
        return inside

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self.open.clear()
        self._lost.clear()
        self._known.clear()

    def restart(self, visit: Visit, scene: Scene) -> Visit:
        """Let the stay begin anew where the object is now, and return it."""
        visit = Visit(visit.track_id, scene.frame, scene.t_ms, scene.t_ms, visit.at, visit.at)
        self.open[visit.track_id] = visit
        return visit

    def _left(self, visit: Visit, deep: float, t_ms: int) -> bool:
        return deep < -self.margin or t_ms - visit.inside_ms > 1000.0 * self.grace_s

    def _begun(self, scene: Scene, track_id: int, foot: Place, height: float) -> Visit:
        """Return a new visit, or the one that a lost track left to this one."""
        inherited = None if track_id in self._known else self._nearest_lost(scene, foot, height)
        if inherited is None:
            visit = Visit(track_id, scene.frame, scene.t_ms, scene.t_ms, foot, foot)
        else:
            visit = replace(inherited, track_id=track_id)
        self.open[track_id] = visit
        return visit

    def _nearest_lost(self, scene: Scene, foot: Place, height: float) -> Visit | None:
        """Take the nearest visit of a track that this scene does not show out of the books."""
        shown = set(scene.track_id.tolist())
        hidden = [visit for visit in self.open.values() if visit.track_id not in shown]
        best, nearest = None, 1.0
        for visit in (*hidden, *self._lost):
            unseen_s = (scene.t_ms - visit.inside_ms) / 1000.0
            away = dist(foot, visit.at) / height / (self.reach + self.reach_per_s * unseen_s)
            if unseen_s <= self.heir_s and away <= nearest:
                best, nearest = visit, away
        if best is not None:
            self.open.pop(best.track_id, None)
            self._lost = [visit for visit in self._lost if visit is not best]
        return best

    def _forget(self, scene: Scene) -> None:
        for track_id in scene.ended:
            visit = self.open.pop(track_id, None)
            if visit is not None:
                self._lost.append(visit)
            self._known.discard(track_id)
        if self._lost:
            self._lost = [v for v in self._lost if scene.t_ms - v.inside_ms <= 1000.0 * self.heir_s]
