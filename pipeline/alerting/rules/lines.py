"""Rules about a line: crossing it, and counting who does."""

from dataclasses import dataclass, field

from pipeline.alerting.rules.crossings import Crossings
from pipeline.alerting.rules.scene import Event, Scene
from pipeline.alerting.rules.settings import CountingSettings, LineCrossingSettings, as_array


@dataclass(slots=True)
class LineCrossing:
    """Tells each crossing in a wanted direction."""

    settings: LineCrossingSettings
    _crossings: Crossings = field(init=False)

    def __post_init__(self) -> None:
        """Watch the line."""
        self._crossings = Crossings(as_array(self.settings.line))

    def observe(self, scene: Scene) -> list[Event]:
        """Return the crossings that became certain with this scene."""
        s = self.settings
        return [
            Event(s.name, s.kind, c.track_id, c.frame, c.t_ms, c.direction)
            for c in self._crossings.observe(scene)
            if s.direction in {"both", c.direction}
        ]

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._crossings.forget()


@dataclass(slots=True)
class Counting:
    """Counts the crossings of both directions since it began; `inside` is what came in less what went out."""

    settings: CountingSettings
    came: int = field(init=False, default=0)
    went: int = field(init=False, default=0)
    _crossings: Crossings = field(init=False)

    def __post_init__(self) -> None:
        """Watch the line."""
        self._crossings = Crossings(as_array(self.settings.line))

    @property
    def inside(self) -> int:
        """How many more came in than went out; never below 0, since who was inside before was not counted."""
        return self.came - self.went

    def observe(self, scene: Scene) -> list[Event]:
        """Return every counted crossing; the one that passes the limit says so in its facts."""
        s, events = self.settings, []
        for crossing in self._crossings.observe(scene):
            entered = crossing.direction == s.in_direction
            self.came += entered
            self.went += not entered and self.inside > 0
            passed = entered and s.limit is not None and self.inside == s.limit + 1
            facts = {"in": self.came, "out": self.went, "count": self.inside, "over_limit": passed}
            c = crossing
            events.append(Event(s.name, s.kind, c.track_id, c.frame, c.t_ms, c.direction, facts, notable=passed))
        return events

    def forget(self) -> None:
        """Forget the tracks: their numbers begin anew."""
        self._crossings.forget()
