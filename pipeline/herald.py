"""Puts on the bus what archive and alerting have written down, and the changes of cameras.

Sightings and alerts are read from where they are durable, each with a cursor of its own: however long the bus is away,
and over a kill -9, they follow in order once it is there. Camera states wait in a short queue, the oldest make room.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Engine

from camera_adapters.stream_state import StreamState
from pipeline.alerting.database import read
from pipeline.alerting.incidents.events import events_after, newest
from pipeline.alerting.watches.book import WatchBook
from pipeline.archive.contract import Archive
from pipeline.bus.bodies import alert_message, sighting_message, state_message
from pipeline.bus.contract import Bus
from pipeline.bus.message import Message
from pipeline.errors import BusUnavailable, PipelineError
from pipeline.rounds import Rounds

log = structlog.get_logger(__name__)
SIGHTINGS, ALERTS = "bus sightings", "bus alerts"
AT_ONCE = 200
STATES_HELD = 1_000


class Herald:
    """One thread beside the alerter. `start` once, `stop` once; the bus is closed by its owner.

    `dropped` counts camera states that a bus that was away too long never got.
    """

    def __init__(self, bus: Bus, archive: Archive, engine: Engine, cursors: WatchBook) -> None:
        self._bus, self._archive, self._engine, self._cursors = bus, archive, engine, cursors
        self._states: deque[StreamState] = deque()
        self._lock = threading.Lock()
        self._sightings = self._begin(SIGHTINGS, archive.newest_change)
        self._alerts = self._begin(ALERTS, self._newest_alert)
        self._rounds = Rounds("herald", self._tell_all)
        self.dropped = 0

    def start(self) -> None:
        """Begin with what was not told before the last stop."""
        self._rounds.start()

    @property
    def failure(self) -> BaseException | None:
        """What ended the thread before its time."""
        return self._rounds.failure

    def camera_state(self, state: StreamState) -> None:
        """Take a change of a camera; returns at once."""
        with self._lock:
            self._states.append(state)
            if len(self._states) > STATES_HELD:
                self._states.popleft()
                self.dropped += 1
        self._rounds.wake()

    def told(self) -> None:
        """Hear that something was written down; returns at once."""
        self._rounds.wake()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Tell what is left as far as the bus is there; returns False when that did not end in time."""
        return self._rounds.stop(timeout_s)

    def _tell_all(self) -> bool:
        """Publish what is new; False when bus or database had trouble, which passes."""
        try:
            self._tell_states()
            while self._tell_sightings() or self._tell_alerts():
                pass
        except BusUnavailable:
            return False  # the bus has said so already, and counts
        except PipelineError as error:
            log.warning("herald_waits", reason=str(error))
            return False
        return True

    def _tell_states(self) -> None:
        while True:
            with self._lock:
                waiting = list(self._states)
            if not waiting:
                return
            self._bus.publish([state_message(state) for state in waiting])
            with self._lock:
                while self._states and any(self._states[0] is sent for sent in waiting):
                    self._states.popleft()

    def _tell_sightings(self) -> bool:
        if self._archive.newest_change() == self._sightings:
            return False
        changes = self._archive.changes(self._sightings, limit=AT_ONCE)
        self._publish([sighting_message(each) for each in changes.stored])
        self._cursors.move(SIGHTINGS, changes.upto)
        self._sightings = changes.upto
        return True

    def _tell_alerts(self) -> bool:
        with read(self._engine) as connection:
            lines = events_after(connection, self._alerts, AT_ONCE)
        if not lines:
            return False
        self._publish([alert_message(line) for line in lines])
        self._cursors.move(ALERTS, lines[-1].seq)
        self._alerts = lines[-1].seq
        return True

    def _publish(self, messages: Sequence[Message]) -> None:
        if messages:
            self._bus.publish(messages)

    def _newest_alert(self) -> int:
        with read(self._engine) as connection:
            return newest(connection)

    def _begin(self, cursor: str, newest_now: Callable[[], int]) -> int:
        """Return where to go on: at the first start with what comes from now on, in another archive with all of it."""
        known, now = self._cursors.cursor(cursor), newest_now()
        if known is None:
            self._cursors.move(cursor, now)
            return now
        return known if known <= now else 0
