"""The rules of one camera, each shown only what counts for it, at the hours that count."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.alerting.rules.scene import Event, Scene
from pipeline.alerting.rules.settings import RuleSettings
from pipeline.alerting.rules.table import Rule, open_rule


@dataclass(slots=True)
class KeptRule:
    """A rule at work: `awake` in its hours, how many `events` it noticed so far and when the last one was."""

    settings: RuleSettings
    codes: tuple[int, ...]
    rule: Rule
    awake: bool = True
    events: int = 0
    last_ms: int | None = None


@dataclass(slots=True)
class CameraRules:
    """Runs rules over the scenes of one camera, in order of time. A rule outside its hours forgets what it saw.

    `kept` are the rules that are switched on.
    """

    settings: Sequence[RuleSettings]
    kept: list[KeptRule] = field(init=False)

    def __post_init__(self) -> None:
        """Open the rules that are switched on."""
        self.kept = [
            KeptRule(each, tuple(kind.code for kind in each.objects), open_rule(each))
            for each in self.settings
            if each.enabled
        ]

    def observe(self, scene: Scene) -> list[Event]:
        """Return what the rules noticed, in their order; `scene.t_ms` is UTC epoch milliseconds where hours count."""
        events: list[Event] = []
        seen: dict[tuple[tuple[int, ...], float], Scene] = {}
        for kept in self.kept:
            if not self._awake(kept, scene.t_ms):
                continue
            wanted = kept.codes, kept.settings.min_height_px
            if wanted not in seen:
                seen[wanted] = _counting(scene, *wanted)
            found = kept.rule.observe(seen[wanted])
            if found:
                kept.events, kept.last_ms = kept.events + len(found), scene.t_ms
            events += found
        return events

    def forget(self) -> None:
        """Forget the tracks: a new session numbers them anew."""
        for kept in self.kept:
            kept.rule.forget()

    @staticmethod
    def _awake(kept: KeptRule, t_ms: int) -> bool:
        schedule = kept.settings.schedule
        awake = schedule is None or schedule.covers(t_ms)
        if awake and not kept.awake:
            kept.rule.forget()
        kept.awake = awake
        return awake


def _counting(scene: Scene, codes: tuple[int, ...], min_height_px: float) -> Scene:
    """Return the scene with the objects of these kinds, at least so high."""
    mask = scene.class_id == codes[0]
    for code in codes[1:]:
        mask |= scene.class_id == code
    if min_height_px > 0.0:
        mask &= scene.height >= min_height_px
    return scene if bool(np.all(mask)) else scene.select(mask)
