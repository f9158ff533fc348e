"""What gives way when more is asked of the machine than it can do, in a declared order, and comes back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import structlog

log = structlog.get_logger(__name__)


class Step(IntEnum):
    """How far the quality has been lowered; each step includes those before it.

    From the first step on nothing is taken from main streams either.
    """

    NONE = 0
    STEADY = 1
    HALF_RATE = 2
    THIRD_RATE = 3
    GATE = 4
    REFUSE = 5

    @property
    def rate(self) -> float:
        """Which part of the configured pictures a second is analysed at every camera."""
        return (1.0, 1.0, 1 / 2, 1 / 3, 1 / 3, 1 / 3)[self]

    @property
    def steady_rate(self) -> float:
        """The same at cameras whose tracks are steady: where the next position is known, missing it costs least."""
        return min(self.rate, 1 / 2) if self else 1.0

    @property
    def work(self) -> float:
        """About which part of the work is left: on PETS steady tracks spare two pictures in five."""
        return (1.0, 0.6, 1 / 2, 1 / 3, 1 / 3, 1 / 3)[self]


@dataclass(frozen=True, slots=True)
class Strain:
    """Counters since the start: frames received and dropped by all paced cameras, and `busy_s`, how many seconds each
    thread of the analysis was at work.
    """

    received: int
    dropped: int
    busy_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ReliefSettings:
    """`every_s`: how often the load is judged. It is too much when more than `dropped` of the frames, and more than
    `few`, are lost at `patience` judgements in a row: one burst, such as cameras that all come at once, is no lasting
    load, nor is a frame now and then.

    A step is taken back after `calm_s` without loss, when the step before would keep the analysis busy for less than
    `busy` of its time.
    """

    every_s: float = 2.0
    dropped: float = 0.02
    few: int = 2
    patience: int = 2
    calm_s: float = 20.0
    busy: float = 0.75


class Relief:
    """Decides the step from the strain. One thread owns it; others read `step` and `refused`.

    Rate first, where tracks are steady before everywhere, then the gate (only what moves is looked at closely), then
    cameras: at the last step one camera more is
    refused at each judgement that finds too much, the last of the configuration first, and one comes back at a time.
    """

    def __init__(
        self, live_cameras: int, settings: ReliefSettings | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings or ReliefSettings()
        self._clock = clock
        self._most_refused = max(0, live_cameras - 1)
        self._judged_s = clock()
        self._lost_s = clock()
        self._strained = 0
        self._last = Strain(0, 0, ())
        self.step = Step.NONE
        self.refused = 0

    def judge_when_due(self, strain: Callable[[], Strain]) -> bool:
        """Look at the load when it is time; True when step or refused cameras changed."""
        now_s = self._clock()
        passed_s = now_s - self._judged_s
        if passed_s < self._settings.every_s:
            return False
        now, before = strain(), self._last
        self._last, self._judged_s = now, now_s
        received, dropped = now.received - before.received, now.dropped - before.dropped
        if dropped > 0:
            self._lost_s = now_s
        most = max(self._settings.dropped * received, self._settings.few)
        self._strained = self._strained + 1 if dropped > most else 0
        if self._strained >= self._settings.patience:
            changed = self._more()
        elif now_s - self._lost_s >= self._settings.calm_s and self._room(_busiest(now, before) / passed_s):
            changed = self._less()
            self._lost_s = now_s  # a step back is tried for as long before the next
        else:
            return False
        if changed:
            log.warning("overload", step=self.step.name.lower(), refused=self.refused, dropped=dropped, of=received)
        return changed

    def _room(self, busy: float) -> bool:
        """Say whether the step before would fit, judged by how busy the analysis is at this one."""
        before = self.step if self.refused > 1 else Step(max(0, self.step - 1))
        return busy * before.work / self.step.work < self._settings.busy

    def _more(self) -> bool:
        if self.step < Step.REFUSE:
            self.step = Step(self.step + 1)
        if self.step is Step.REFUSE:
            if self.refused >= self._most_refused:
                return False
            self.refused += 1
        return True

    def _less(self) -> bool:
        if self.refused > 1:
            self.refused -= 1
        elif self.step > Step.NONE:
            self.step, self.refused = Step(self.step - 1), 0
        else:
            return False
        return True


def _busiest(now: Strain, before: Strain) -> float:
    """Return how many seconds the busiest thread was at work in between: the slowest link decides."""
    began = before.busy_s or (0.0,) * len(now.busy_s)
    return max(b - a for a, b in zip(began, now.busy_s, strict=True))
