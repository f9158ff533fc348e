"""Rules about a zone: being in it for a while, standing in it, and how many are."""

from dataclasses import dataclass, field

from pipeline.alerting.rules.scene import Event, Scene
from pipeline.alerting.rules.settings import CrowdSettings, FireLaneSettings, ZoneSettings, as_array
from pipeline.alerting.rules.visits import Visit, Visits


@dataclass(slots=True)
class Stay:
    """Tells each visit once, as soon as it lasted long enough: intrusion, loitering, e-bikes indoors."""

    settings: ZoneSettings
    _visits: Visits = field(init=False)

    def __post_init__(self) -> None:
        """Watch the zone."""
        self._visits = Visits(as_array(self.settings.zone))

    def observe(self, scene: Scene) -> list[Event]:
        """Return the visits that became long enough with this scene; frame and time are those of the entry."""
        events = []
        needed_s = self.settings.needed_s(scene.t_ms)
        for visit in self._visits.observe(scene):
            if visit.told or visit.dwell_s < needed_s or visit.moved < self.settings.min_moved:
                continue
            visit.told = True
            events.append(_entered(self.settings, visit))
        return events

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._visits.forget()


@dataclass(slots=True)
class Standing:
    """Tells an object that stands in the zone: a stay begins anew whenever it moved on."""

    settings: FireLaneSettings
    _visits: Visits = field(init=False)

    def __post_init__(self) -> None:
        """Watch the zone."""
        self._visits = Visits(as_array(self.settings.zone))

    def observe(self, scene: Scene) -> list[Event]:
        """Return what stands for long enough; frame and time are those at which it came to rest."""
        events = []
        needed_s = self.settings.needed_s(scene.t_ms)
        for seen in self._visits.observe(scene):
            visit = seen
            if visit.moved > self.settings.max_moved:
                visit = self._visits.restart(visit, scene)
            if not visit.told and visit.dwell_s >= needed_s:
                visit.told = True
                events.append(_entered(self.settings, visit))
        return events

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._visits.forget()


@dataclass(slots=True)
class Crowd:
    """Tells once that many are in the zone at the same time, and again only after a calm."""

    settings: CrowdSettings
    count: int = field(init=False, default=0)
    _visits: Visits = field(init=False)
    _since: tuple[int, int] | None = field(init=False, default=None)
    _many_ms: int = field(init=False, default=0)
    _told: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Watch the zone."""
        self._visits = Visits(as_array(self.settings.zone))

    def observe(self, scene: Scene) -> list[Event]:
        """Return the event when enough were there for long enough; its frame and time are when they first were."""
        s = self.settings
        self.count = len(self._visits.observe(scene))
        if self.count >= s.limit:
            self._many_ms = scene.t_ms
            if self._since is None:
                self._since = scene.frame, scene.t_ms
        elif self._since is not None:
            patience_s = s.calm_s if self._told else 1.0  # one missed detection is no dispersal
            if scene.t_ms - self._many_ms > 1000.0 * patience_s:
                self._since, self._told = None, False
        if self._since is None or self._told or self._many_ms - self._since[1] < 1000.0 * s.min_dwell_s:
            return []
        self._told = True
        return [Event(s.name, s.kind, 0, *self._since, facts={"count": self.count, "dwell_s": s.min_dwell_s})]

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._visits.forget()


def _entered(settings: ZoneSettings, visit: Visit) -> Event:
    facts = {"dwell_s": round(visit.dwell_s, 1)}
    return Event(settings.name, settings.kind, visit.track_id, visit.frame, visit.t_ms, facts=facts)
