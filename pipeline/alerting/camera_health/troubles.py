"""From measures over time to troubles that last: what a camera used to see, and what it sees now."""

from dataclasses import dataclass, field

import numpy as np

from models.detections import Image
from pipeline.alerting.camera_health.measures import FloatArray, Measures, shift_between
from pipeline.alerting.camera_health.settings import HealthSettings

_LEARN_S = 30.0  # of undisturbed sight before anything but freezing is judged
_MEMORY_S = 300.0  # how slowly the usual sight follows what is seen: dusk falls more slowly
_ADOPT_S = 300.0  # a trouble that lasts so long is the usual sight from then on: somebody meant it
_DARK = 0.35  # of the usual contrast is left of a covered lens' sight
_BLURRED = 0.6  # of the usual sharpness
_SAME_VIEW = 0.45  # likeness of edges (cosine) below which a view is another one
_SHIFT, _SURE = 0.04, 0.12  # part of the width a view has moved by, and response of the correlation


@dataclass(slots=True)
class Lasting:
    """A condition that begins when it held for `patience_s` without a break, and ends when it did not for as long."""

    patience_s: float
    on: bool = False
    since_ms: int | None = None

    def update(self, holds: bool, t_ms: int) -> bool:
        """Take the condition of a moment; return True at the one moment at which it begins."""
        if holds == self.on:
            self.since_ms = None
            return False
        if self.since_ms is None:
            self.since_ms = t_ms
        if t_ms - self.since_ms < 1000.0 * self.patience_s:
            return False
        self.on, self.since_ms = holds, None
        return holds


@dataclass(slots=True, eq=False)
class _Usual:
    """What the camera usually sees, as slow means."""

    edges: FloatArray
    contrast: float
    sharpness: float

    def follow(self, now: Measures, part: float) -> None:
        """Move a part of the way towards what is seen now."""
        self.edges = self.edges + np.float32(part) * (now.edges - self.edges)
        self.contrast += part * (now.contrast - self.contrast)
        self.sharpness += part * (now.sharpness - self.sharpness)


@dataclass(slots=True)
class Troubles:
    """Judges one camera once a second of its own time; names are the kinds of alerts without `camera_`."""

    settings: HealthSettings
    lasting: dict[str, Lasting] = field(init=False)
    _usual: _Usual | None = field(init=False, default=None)
    _previous: Image | None = field(init=False, default=None)
    _judged_ms: int | None = field(init=False, default=None)
    _learned_s: float = field(init=False, default=0.0)
    _odd_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Begin without trouble."""
        s = self.settings
        patience = {"frozen": s.frozen_s, "covered": s.covered_s, "moved": s.moved_s, "defocused": s.defocused_s}
        self.lasting = {name: Lasting(patience_s) for name, patience_s in patience.items()}

    @property
    def present(self) -> list[str]:
        """The troubles there are now."""
        return [name for name, lasting in self.lasting.items() if lasting.on]

    def update(self, now: Measures, t_ms: int) -> list[str]:
        """Take the measures of a picture; return the troubles that began."""
        dt_s = 0.0 if self._judged_ms is None else (t_ms - self._judged_ms) / 1000.0
        self._judged_ms = t_ms
        same = self._previous is not None and np.array_equal(now.small, self._previous)
        self._previous = now.small
        holds = {"frozen": same, **self._odd(now)}
        self._learn(now, dt_s, odd=any(holds.values()))
        return [name for name, lasting in self.lasting.items() if lasting.update(holds[name], t_ms)]

    def _odd(self, now: Measures) -> dict[str, bool]:
        """Compare with the usual sight; a covered lens is not also moved and defocused."""
        usual = self._usual
        if usual is None or self._learned_s < _LEARN_S:
            return dict.fromkeys(("covered", "moved", "defocused"), False)
        covered = now.contrast < _DARK * usual.contrast
        defocused = not covered and now.sharpness < _BLURRED * usual.sharpness
        moved = not covered and not defocused and self._elsewhere(now, usual)
        return {"covered": covered, "moved": moved, "defocused": defocused}

    @staticmethod
    def _elsewhere(now: Measures, usual: _Usual) -> bool:
        length = float(np.sqrt(np.einsum("yx,yx->", usual.edges, usual.edges)))
        alike = float(np.einsum("yx,yx->", usual.edges, now.edges)) / max(length, 1e-6)
        if alike >= 2.0 * _SAME_VIEW or length < 1e-3:
            return False
        shift, sure = shift_between(usual.edges, now.edges)
        return alike < _SAME_VIEW or (shift >= _SHIFT and sure >= _SURE)

    def _learn(self, now: Measures, dt_s: float, *, odd: bool) -> None:
        """Follow the usual sight; what is odd is not learned until it lasted for very long."""
        self._odd_s = self._odd_s + dt_s if odd else 0.0
        if self._usual is None or self._odd_s >= _ADOPT_S:
            self._usual = _Usual(now.edges.copy(), now.contrast, now.sharpness)
            self._learned_s = self._odd_s = 0.0
        elif not odd:
            self._learned_s += dt_s
            # At first it follows fast, so that a person in the first picture is soon forgotten.
            self._usual.follow(now, min(1.0, dt_s / min(_MEMORY_S, max(self._learned_s, 1.0))))
