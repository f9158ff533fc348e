"""Where the processor's time goes: CPU time of each thread, by stage of the work."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping


class Stopwatch:
    """CPU seconds of one thread by stage. Only that thread calls `lap`; anybody may read `spent`.

    A lap reads one clock and adds two floats: about half a microsecond, cheap enough for every packet.
    """

    __slots__ = ("_clock", "_mark", "spent")

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._mark: float | None = None
        self.spent: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Book what this thread has computed since the last lap on `stage`; the first lap books nothing."""
        now = self._clock()
        if self._mark is not None:
            self.spent[stage] = self.spent.get(stage, 0.0) + now - self._mark
        self._mark = now

    def book(self, stage: str, seconds: float) -> None:
        """Book CPU time that other threads spent for this one."""
        self.spent[stage] = self.spent.get(stage, 0.0) + seconds


class StageClock:
    """The stopwatches of all threads of one pipeline. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._watches: list[Stopwatch] = []
        self._lock = threading.Lock()

    def watch(self) -> Stopwatch:
        """Return a stopwatch for one more thread; it counts for as long as the clock lives."""
        made = Stopwatch(self._clock)
        with self._lock:
            self._watches.append(made)
        return made

    def totals(self) -> Mapping[str, float]:
        """Return CPU seconds by stage over all threads, since they began."""
        with self._lock:
            watches = list(self._watches)
        total: Counter[str] = Counter()
        for each in watches:
            total.update(dict(each.spent))
        return dict(total)
