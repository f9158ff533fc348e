"""Rules about how somebody moves: running, going the wrong way, falling."""

from dataclasses import dataclass, field

import numpy as np

from pipeline.alerting.rules.geometry import inside_polygon
from pipeline.alerting.rules.scene import Event, Scene
from pipeline.alerting.rules.settings import FallSettings, Point, RunningSettings, WrongWaySettings, as_array
from pipeline.alerting.rules.trails import Trail, Trails

_UPRIGHT = 0.7  # width over height of somebody who stands; seen from above people look broader, never this broad
_LYING = 1.1
_CALM = 0.7  # somebody who slowed down to this part of the limit may be told again
_STILL = 0.6  # heights that somebody who lies may creep


def in_zone(scene: Scene, zone: tuple[Point, ...] | None) -> Scene:
    """Return the scene with those whose feet are in the zone; all of it without a zone."""
    if zone is None or not len(scene):
        return scene
    return scene.select(inside_polygon(scene.foot, as_array(zone)))


@dataclass(slots=True)
class Running:
    """Tells a track once when it is fast for long enough, again only after it slowed down."""

    settings: RunningSettings
    _trails: Trails = field(init=False)

    def __post_init__(self) -> None:
        """Look back as far as somebody has to run."""
        self._trails = Trails(self.settings.min_dwell_s)

    def observe(self, scene: Scene) -> list[Event]:
        """Return who runs since this scene; frame and time are when the run began."""
        s, events = self.settings, []
        for track_id, trail in self._trails.observe(in_zone(scene, s.zone)):
            if len(trail.steps) < 3 or trail.lasts_s < s.min_dwell_s:
                continue
            speed = trail.covered() / trail.lasts_s
            if speed < _CALM * s.min_speed:
                trail.told = False
            if trail.told or speed < s.min_speed:
                continue
            trail.told = True
            frame, t_ms = trail.steps[0][:2]
            events.append(Event(s.name, s.kind, track_id, frame, t_ms, facts={"heights_per_s": round(speed, 2)}))
        return events

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._trails.forget()


@dataclass(slots=True)
class _Progress:
    """Heights along the wanted heading since the track was first seen, and the farthest it got."""

    foot: tuple[float, float]
    at: float = 0.0
    farthest: float = 0.0
    since: tuple[int, int] = (0, 0)
    told: bool = False


@dataclass(slots=True)
class WrongWay:
    """Tells a track once when it went back over `min_moved` heights, again only after it went the right way as far."""

    settings: WrongWaySettings
    _progress: dict[int, _Progress] = field(init=False, default_factory=dict)

    def observe(self, scene: Scene) -> list[Event]:
        """Return who goes the wrong way since this scene; frame and time are when it turned."""
        s, events = self.settings, []
        shown = in_zone(scene, s.zone)
        heading = as_array(s.heading)[1] - as_array(s.heading)[0]
        heading = heading / np.hypot(*heading)
        feet = zip(shown.track_id.tolist(), shown.foot.tolist(), shown.height.tolist(), strict=True)
        for track_id, (x, y), height in feet:
            own = self._progress.setdefault(track_id, _Progress((x, y), since=(scene.frame, scene.t_ms)))
            own.at += ((x - own.foot[0]) * heading[0] + (y - own.foot[1]) * heading[1]) / height
            own.foot = (x, y)
            if own.at >= own.farthest + (s.min_moved if own.told else 0.0):
                own.farthest, own.since, own.told = own.at, (scene.frame, scene.t_ms), False
            elif own.told:
                own.farthest = min(own.farthest, own.at)
            elif own.farthest - own.at >= s.min_moved:
                facts = {"heights": round(own.farthest - own.at, 2)}
                own.told, own.farthest = True, own.at
                events.append(Event(s.name, s.kind, track_id, *own.since, facts=facts))
        for track_id in scene.ended:
            self._progress.pop(track_id, None)
        return events

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._progress.clear()


@dataclass(slots=True)
class Fall:
    """Experimental: tells a track once when its upright box turned into a lying one and stayed so."""

    settings: FallSettings
    _trails: Trails = field(init=False)

    def __post_init__(self) -> None:
        """Look back over the fall and the lying after it."""
        self._trails = Trails(self.settings.within_s + self.settings.min_dwell_s + 1.0)

    def observe(self, scene: Scene) -> list[Event]:
        """Return who fell; frame and time are when the box was first a lying one."""
        s, events = self.settings, []
        for track_id, trail in self._trails.observe(in_zone(scene, s.zone)):
            fallen = None if trail.told else self._fallen(trail)
            if fallen is not None:
                trail.told = True
                events.append(Event(s.name, s.kind, track_id, *fallen))
            elif trail.told and trail.steps[-1][4] < _UPRIGHT * trail.steps[-1][5]:
                trail.told = False
        return events

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._trails.forget()

    def _fallen(self, trail: Trail) -> tuple[int, int] | None:
        s, last = self.settings, trail.steps[-1]
        if last[4] < _LYING * last[5]:
            return None
        frame, t_ms, x, y, w, h = np.asarray(trail.steps, np.float64).T
        ratio = w / h
        upright = np.flatnonzero(ratio < _UPRIGHT)
        if len(upright) < 2:
            return None
        lying = upright[-1] + 1 + np.flatnonzero(ratio[upright[-1] + 1 :] >= _LYING)
        first = lying[0]
        stood = float(np.median(h[upright]))
        quick = t_ms[first] - t_ms[upright[-1]] <= 1000.0 * s.within_s
        lasts = t_ms[-1] - t_ms[first] >= 1000.0 * s.min_dwell_s and len(lying) >= 0.7 * (len(ratio) - first)
        lower = float(np.median(h[lying])) <= 0.75 * stood
        still = np.hypot(x[lying] - x[first], y[lying] - y[first]).max() <= _STILL * stood
        return (int(frame[first]), int(t_ms[first])) if quick and lasts and lower and still else None
