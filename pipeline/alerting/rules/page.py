"""The rules of one camera at work, and how they fare."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import structlog

from camera_adapters.site import Camera
from pipeline.alerting.rules.camera_rules import CameraRules, KeptRule
from pipeline.alerting.rules.lines import Counting
from pipeline.alerting.rules.rule_file import fault_of
from pipeline.alerting.rules.settings import RuleSettings
from pipeline.alerting.rules.zones import Crowd

log = structlog.get_logger(__name__)
State = Literal["watching", "asleep", "off", "faulty"]


@dataclass(frozen=True, slots=True)
class RuleReport:
    """A rule as it fares: asleep is outside its hours, off is switched off, faulty does not fit the picture (`fault`).

    `changed` tells rules that were set while zhian ran from those of the site file. `events` were noticed since the
    rule was last changed, the last one at `last_ms`. `count` is how many are there, of rules that count.
    """

    camera_id: str
    settings: RuleSettings
    changed: bool
    state: State
    fault: str = ""
    events: int = 0
    last_ms: int | None = None
    count: int | None = None


@dataclass(slots=True)
class Page:
    """The rules of one camera at work."""

    camera: Camera
    settings: tuple[RuleSettings, ...]
    changed: bool
    session: str = ""
    size: tuple[int, int] | None = None
    faults: dict[str, str] = field(default_factory=dict)
    rules: CameraRules = field(init=False)

    def __post_init__(self) -> None:
        """Open the rules."""
        self.rules = CameraRules(self.settings)

    def fit(self, size: tuple[int, int]) -> None:
        """Lay the rules on a picture of this size; those that do not fit are told of and left out."""
        self.size = size
        self.faults = {r.name: fault for r in self.settings if (fault := fault_of(r, size))}
        for fault in self.faults.values():
            log.warning("rule_does_not_fit", camera=self.camera.id, why=fault)
        if self.faults:
            self.rules = CameraRules([rule for rule in self.settings if rule.name not in self.faults])

    def take_over(self, old: "Page") -> None:
        """Go on where an older page of the same camera stands: rules that are as they were keep what they know."""
        if old.size is not None:
            self.fit(old.size)
        self.session = old.session
        known = {kept.settings.name: kept for kept in old.rules.kept}
        for i, fresh in enumerate(self.rules.kept):
            kept = known.get(fresh.settings.name)
            if kept is not None and kept.settings == fresh.settings:
                self.rules.kept[i] = kept


def reports_of(page: Page) -> Iterator[RuleReport]:
    """Yield every rule of a page as it fares, in the order of the configuration."""
    kept = {each.settings.name: each for each in page.rules.kept}
    for rule in page.settings:
        fault = page.faults.get(rule.name, "")
        at_work = kept.get(rule.name)
        if fault or at_work is None or not rule.enabled:
            state: State = "faulty" if fault else "off"
            yield RuleReport(page.camera.id, rule, page.changed, state, fault)
        else:
            yield _working(page, at_work)


def _working(page: Page, kept: KeptRule) -> RuleReport:
    count = kept.rule.inside if isinstance(kept.rule, Counting) else None
    if isinstance(kept.rule, Crowd):
        count = kept.rule.count
    return RuleReport(
        page.camera.id,
        kept.settings,
        page.changed,
        "watching" if kept.awake else "asleep",
        events=kept.events,
        last_ms=kept.last_ms,
        count=count,
    )
