"""Which letter of one subscriber goes next: a queue discipline without clocks, tasks or databases of its own.

- Letters of one incident go one after the other; those of different incidents side by side, up to `at_once`.
- A failure delays its incident, and the whole subscriber: while one fails, one letter at a time is tried, each after a
  longer wait, and the incident that failed least comes first, so that one poisoned message holds up only its incident.
- The first letter that arrives opens the way again for all.
- After an outage many letters become one digest, where the subscriber takes digests.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from camera_adapters.backoff import JITTER, Random, Waits
from pipeline.alerting.delivery import digest
from pipeline.alerting.delivery.outbox import Letter
from pipeline.alerting.subscriptions.terms import Digest


@dataclass(slots=True, eq=False)
class _Queue:
    """The letters of one incident, oldest first."""

    letters: deque[Letter] = field(default_factory=deque)
    attempts: int = 0  # failures of the letter at the head
    failing_since_s: float | None = None
    not_before_s: float = 0.0
    under_way: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What is sent at once: one letter, or several that are told as one digest.

    `attempts` counts this one; `failing_since_s` is when the first of them failed, None when none has.
    """

    letters: tuple[Letter, ...]
    attempts: int
    failing_since_s: float | None
    digested: bool
    spell: int


class Backlog:
    """The letters of one subscriber that are in memory. Times `*_s` are of any one monotonic clock."""

    def __init__(self, *, at_once: int, waits: Waits, rng: Random, terms: Digest | None = None) -> None:
        self._at_once = at_once
        self._waits = waits
        self._rng = rng
        self._terms = terms
        self._queues: dict[str, _Queue] = {}
        self._under_way = 0
        self._failures = 0  # in a row, of the whole subscriber
        self._spell = 0  # letters under way together fail together: that is one failure
        self._not_before_s = 0.0

    @property
    def held(self) -> int:
        """How many letters are in memory, those under way included."""
        return sum(len(queue.letters) for queue in self._queues.values())

    def add(self, letters: Sequence[Letter]) -> None:
        """Queue letters, each after the earlier ones of its incident; those that are queued already change nothing."""
        for letter in letters:
            queue = self._queues.setdefault(letter.incident_id, _Queue(attempts=letter.attempts))
            if any(held.id >= letter.id for held in queue.letters):  # read again, or sent again
                held_ids = {held.id for held in queue.letters}
                queue.letters = deque(sorted([*queue.letters, letter][: len(held_ids | {letter.id})], key=_age))
            else:
                queue.letters.append(letter)

    def take(self, now_s: float, now_ms: int) -> Batch | None:
        """Return what is to be sent now, None when nothing is."""
        if now_s < self._not_before_s or self._under_way >= (1 if self._failures else self._at_once):
            return None
        begun = any(queue.letters[0].digest for queue in self._queues.values())
        if begun and self._under_way:
            return None
        together = self._together(now_ms) if not self._under_way else ()
        if together:
            return self._begin(together, digested=True)
        queue = self._next(now_s)
        return None if queue is None else self._begin((queue.letters[0],), digested=False)

    def arrived(self, batch: Batch) -> None:
        """The receiver has taken a batch."""
        self._failures, self._not_before_s = 0, 0.0
        self._end(batch, gone=True)
        for queue in self._queues.values():
            queue.not_before_s = 0.0

    def failed(self, batch: Batch, now_s: float, *, asked_wait_s: float | None = None) -> None:
        """The receiver has not taken a batch: it stays at the head and is tried again later."""
        for queue in self._end(batch, gone=False):
            queue.attempts += 1
            queue.failing_since_s = now_s if queue.failing_since_s is None else queue.failing_since_s
            queue.not_before_s = now_s + self._wait_s(queue.attempts)
        if batch.spell == self._spell:
            self._spell += 1
            self._failures += 1
            self._not_before_s = now_s + max(self._wait_s(self._failures), asked_wait_s or 0.0)

    def gone(self, batch: Batch) -> None:
        """A batch is not tried any more."""
        self._end(batch, gone=True)

    def next_s(self, now_s: float) -> float | None:
        """Return when `take` is worth another call, None when only news can change its answer."""
        if self._under_way >= (1 if self._failures else self._at_once):
            return None
        times = [queue.not_before_s for queue in self._queues.values() if not queue.under_way]
        if not times:
            return None
        return max(self._not_before_s, 0.0 if self._failures else min(times), now_s)

    def _next(self, now_s: float) -> _Queue | None:
        free = (queue for queue in self._queues.values() if not queue.under_way)
        ready = [queue for queue in free if self._failures or now_s >= queue.not_before_s]
        return min(ready, key=lambda queue: (queue.attempts, queue.letters[0].id), default=None)

    def _together(self, now_ms: int) -> tuple[Letter, ...]:
        """Return the letters of the next digest: one that was begun before, else those that have piled up."""
        heads = [queue.letters[0] for queue in self._queues.values()]
        begun = min((head for head in heads if head.digest), key=lambda head: head.id, default=None)
        letters = sorted((x for queue in self._queues.values() for x in queue.letters), key=_age)
        if begun is not None:
            return tuple(letter for letter in letters if letter.digest == begun.digest)
        letters = letters[: digest.MOST]
        return tuple(letters) if digest.due(self._terms, letters, now_ms) else ()

    def _begin(self, letters: tuple[Letter, ...], *, digested: bool) -> Batch:
        queues = [self._queues[name] for name in {letter.incident_id for letter in letters}]
        for queue in queues:
            queue.under_way = True
        self._under_way += 1
        since = [queue.failing_since_s for queue in queues if queue.failing_since_s is not None]
        attempts = 1 + max(queue.attempts for queue in queues)
        return Batch(letters, attempts, min(since, default=None), digested, self._spell)

    def _end(self, batch: Batch, *, gone: bool) -> list[_Queue]:
        self._under_way -= 1
        names = {letter.incident_id for letter in batch.letters}
        queues = [self._queues[name] for name in names]
        for queue in queues:
            queue.under_way = False
        if gone:
            done = {letter.id for letter in batch.letters}
            for name in names:
                self._remove(name, done)
        return queues

    def _remove(self, name: str, done: set[int]) -> None:
        queue = self._queues[name]
        queue.letters = deque(letter for letter in queue.letters if letter.id not in done)
        queue.attempts, queue.failing_since_s, queue.not_before_s = 0, None, 0.0
        if not queue.letters:
            del self._queues[name]

    def _wait_s(self, failures: int) -> float:
        return self._waits.nth(failures) * (1 - JITTER * self._rng.random())


def _age(letter: Letter) -> int:
    return letter.id
