"""The kinds of rules there are: settings on the left, what watches on the right."""

from collections.abc import Callable
from typing import Any, Protocol

from pipeline.alerting.alert import Severity
from pipeline.alerting.rules.lines import Counting, LineCrossing
from pipeline.alerting.rules.motion import Fall, Running, WrongWay
from pipeline.alerting.rules.objects import Things
from pipeline.alerting.rules.scene import Event, Scene
from pipeline.alerting.rules.settings import RuleSettings
from pipeline.alerting.rules.zones import Crowd, Standing, Stay


class Rule(Protocol):
    """One rule over one camera: what it remembers of its tracks is its own.

    `observe` takes the scenes of one session in order, those objects only that count for the rule, and returns what
    became certain with this scene.
    """

    def observe(self, scene: Scene) -> list[Event]:
        """Take one scene."""
        ...

    def forget(self) -> None:
        """Forget the tracks, whose numbers begin anew; what was counted stays."""
        ...


RULES: dict[str, tuple[Callable[[Any], Rule], Severity]] = {
    "line_crossing": (LineCrossing, Severity.MEDIUM),
    "counting": (Counting, Severity.LOW),
    "intrusion": (Stay, Severity.HIGH),
    "loitering": (Stay, Severity.MEDIUM),
    "fire_lane_blocked": (Standing, Severity.HIGH),
    "e_bike_indoors": (Stay, Severity.HIGH),
    "crowd": (Crowd, Severity.MEDIUM),
    "running": (Running, Severity.LOW),
    "wrong_way": (WrongWay, Severity.MEDIUM),
    "fall": (Fall, Severity.HIGH),
    "abandoned_object": (Things, Severity.HIGH),
    "removed_object": (Things, Severity.MEDIUM),
}


# Rules that look at pictures, not at tracks alone.
SEEING = frozenset({"abandoned_object", "removed_object"})


def open_rule(settings: RuleSettings) -> Rule:
    """Return a fresh rule."""
    return RULES[settings.kind][0](settings)


def usual_severity(kind: str) -> Severity:
    """Return how urgent a kind is when its rule does not say."""
    return RULES[kind][1]
