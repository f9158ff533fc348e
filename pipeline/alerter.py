"""One thread that turns what is seen into alerts: rules, watches, residents in care, cameras.

Everything that can be read again is read from where it is durable (stored sightings, with a cursor), so nothing of it
is lost by a kill -9. What happens only once, an alert of a rule at a frame or a camera's change, waits in a bounded
queue for a moment; when it is full the oldest make room and are counted.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import structlog

from camera_adapters.frame import Frame
from pipeline.alerting.alert import Alert
from pipeline.analysis.tracking import Tracks
from pipeline.errors import PipelineError
from pipeline.rounds import Rounds

log = structlog.get_logger(__name__)
CAPACITY = 5_000
Rules = Callable[[Frame, Tracks], Sequence[Alert]]
Sink = Callable[[Sequence[Alert]], None]


class Follower(Protocol):
    """Looks at what was stored since it last did, and at the clock; hands its alerts on by itself."""

    def catch_up(self) -> int:
        """Look; return how many alerts that gave."""
        ...

    def save(self) -> None:
        """Write down what is held in memory."""
        ...


class Alerter:
    """`observe` and `noticed` are called from other threads and return at once; `start` once, `stop` once.

    `take` keeps alerts durably; while it cannot (disk full), they wait. `dropped` counts those that found no room.
    """

    def __init__(
        self,
        take: Sink,
        followers: Iterable[Follower],
        rules: Sequence[Rules] = (),
        *,
        capacity: int = CAPACITY,
    ) -> None:
        self._take = take
        self._followers = tuple(followers)
        self._rules = tuple(rules)
        self._capacity = capacity
        self._waiting: deque[Alert] = deque()
        self._lock = threading.Lock()
        self._rounds = Rounds("alerter", self._go_round, self._save)
        self._trouble = ""
        self.raised = self.dropped = 0

    def start(self) -> None:
        """Begin with what was stored while nobody looked."""
        self._rounds.start()

    @property
    def failure(self) -> BaseException | None:
        """What ended the thread before its time."""
        return self._rounds.failure

    def observe(self, frame: Frame, tracks: Tracks) -> None:
        """Show the tracks of an analysed frame to the rules; on the analysis thread."""
        for rules in self._rules:
            self.noticed(rules(frame, tracks))

    def noticed(self, alerts: Sequence[Alert]) -> None:
        """Take alerts that somebody else raised."""
        if not alerts:
            return
        with self._lock:
            self._waiting.extend(alerts)
            while len(self._waiting) > self._capacity:
                self._waiting.popleft()
                self.dropped += 1
        self._rounds.wake()

    def stored(self) -> None:
        """Hear that sightings were stored."""
        self._rounds.wake()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Look at what is left and end; returns False when that did not end in time."""
        return self._rounds.stop(timeout_s)

    def _go_round(self) -> bool:
        """Hand on what waits and let the followers look; False when disk or database had trouble, which passes."""
        try:
            self._hand_on()
            self.raised += sum(follower.catch_up() for follower in self._followers)
        except PipelineError as error:
            if str(error) != self._trouble:
                log.warning("alerter_waits", reason=str(error))
            self._trouble = str(error)
            return False
        self._trouble = ""
        return True

    def _save(self) -> None:
        for follower in self._followers:
            follower.save()

    def _hand_on(self) -> None:
        with self._lock:
            batch = list(self._waiting)
        if not batch:
            return
        self._take(batch)
        self.raised += len(batch)
        with self._lock:
            taken = {alert.id for alert in batch}
            while self._waiting and self._waiting[0].id in taken:
                self._waiting.popleft()
