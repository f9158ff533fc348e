"""Where camera threads leave frames and the analysis takes batches: bounded, fair, counted."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from camera_adapters.frame import Frame

_LATE_FRAMES = 32  # more than a camera's adapter keeps from one key frame to the next
Policy = Literal["latest", "block"]


@dataclass(slots=True)
class _Slot:
    policy: Policy
    capacity: int
    frames: deque[Frame] = field(default_factory=deque)
    received: int = 0
    dropped: int = 0
    in_hand: int = 0
    analysed: int = 0

    def make_room(self, frame: Frame) -> None:
        """Drop the oldest frame of the same sort, late or not, when as many wait as may."""
        same = [i for i, waiting in enumerate(self.frames) if waiting.late == frame.late]
        if len(same) >= (_LATE_FRAMES if frame.late else self.capacity):
            del self.frames[same[0]]
            self.dropped += 1


@dataclass(frozen=True, slots=True)
class SlotCounters:
    """Frames of one stream: received = analysed + dropped + waiting; those being analysed wait for their end."""

    received: int
    analysed: int
    dropped: int
    waiting: int


class Mailbox:
    """One bounded slot per stream: a camera's, and its main stream's where that is looked at.

    Policy `latest` holds `capacity` frames, of which a newer one replaces the oldest, and the loss is counted (live
    cameras: more than one rides out a batch that took long); `late` frames wait beside them. Policy `block` holds as
    many in order and makes the camera's thread wait (recordings: every frame counts).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._slots: dict[str, _Slot] = {}
        self._turn: deque[str] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def open_slot(self, stream: str, policy: Policy, capacity: int | None = None) -> None:
        """Make room for a stream, unless said for 1 frame (`latest`) or 8; a second call for it raises ValueError."""
        with self._changed:
            if stream in self._slots:
                raise ValueError(f"{stream} has a slot already")
            self._slots[stream] = _Slot(policy, capacity or (1 if policy == "latest" else 8))
            self._turn.append(stream)

    def put(self, frame: Frame) -> None:
        """Leave a frame; after `close` it is counted as dropped."""
        with self._changed:
            slot = self._slots[frame.stream]
            slot.received += 1
            while slot.policy == "block" and len(slot.frames) >= slot.capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                slot.dropped += 1
                return
            slot.make_room(frame)
            slot.frames.append(frame)
            self._changed.notify_all()

    def take(self, size: int, deadline_s: float, idle_s: float = 0.5) -> list[Frame]:
        """Return up to `size` frames, streams in turn, frames of one in order.

        Waits at most `idle_s` for a first frame and then at most `deadline_s` for the batch to fill; returns an empty
        list when nothing came. Whoever takes frames says so when they are `done`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting() > 0 or self._closed, idle_s):
                return []
            until = self._clock() + deadline_s
            wanted = min(size, self._most_at_once())
            while self._waiting() < wanted and not self._closed:
                left = until - self._clock()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self._collect(size)

    def _waiting(self) -> int:
        return sum(len(slot.frames) for slot in self._slots.values())

    def _most_at_once(self) -> int:
        return sum(1 if slot.policy == "latest" else slot.capacity for slot in self._slots.values())

    def _collect(self, size: int) -> list[Frame]:
        batch: list[Frame] = []
        while len(batch) < size and self._waiting():
            stream = self._turn[0]
            self._turn.rotate(-1)
            slot = self._slots[stream]
            if slot.frames:
                batch.append(slot.frames.popleft())
                slot.in_hand += 1
        self._changed.notify_all()
        return batch

    def done(self, frames: Iterable[Frame]) -> None:
        """Count frames that were taken as analysed."""
        with self._changed:
            for frame in frames:
                slot = self._slots[frame.stream]
                slot.in_hand -= 1
                slot.analysed += 1

    def counters(self, stream: str) -> SlotCounters:
        """Return what became of a stream's frames so far."""
        with self._changed:
            slot = self._slots[stream]
            return SlotCounters(slot.received, slot.analysed, slot.dropped, len(slot.frames) + slot.in_hand)

    def waiting(self) -> int:
        """Return how many frames wait to be taken, in all slots."""
        with self._changed:
            return self._waiting()

    def close(self) -> None:
        """Take no more frames and wake everybody who waits; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
