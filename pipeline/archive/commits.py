"""Appends of several threads as one commit: whoever has the turn stores what the others brought meanwhile."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from pipeline.sighting import Record

MOST_RECORDS = 4096  # in one commit of several appends; as many appends can wait as there are threads


class _Append:
    """The records of one call, what became of them, and what its thread is woken by: when they are stored, or to lead.

    `awaited` until its thread goes away; all but `records` change only under the group's lock.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.done = False
        self.error: Exception | None = None
        self.awaited = True
        self.leads = False
        self.called = threading.Lock()
        self.called.acquire()


class GroupCommit:
    """Gives every caller its own answer; `store` is called by one thread at a time, which then holds `turn`.

    One thread leads: it stores what waits until its own records are stored, then the one that waits longest leads.
    Those whose records it took go their way as soon as they are stored, and bring the next ones meanwhile. Each thread
    is woken for itself, and once: a call to all of them at every commit cost more than the commit.
    """

    def __init__(self, store: Callable[[Sequence[Record]], None], turn: AbstractContextManager[object]) -> None:
        self._store = store
        self._turn = turn
        self._lock = threading.Lock()
        self._waiting: deque[_Append] = deque()
        self._led = False

    def append(self, records: Sequence[Record]) -> None:
        """Return when `store` has taken these records, alone or together with others; raises what it raised."""
        mine = _Append(records)
        with self._lock:
            self._waiting.append(mine)
            mine.leads, self._led = not self._led, True
        try:
            if not mine.leads:
                mine.called.acquire()
            if mine.leads:
                with self._turn:
                    self._lead(mine)
        finally:
            self._leave(mine)
        if mine.error is not None:
            raise mine.error

    def _leave(self, mine: _Append) -> None:
        """Let another lead, if this one did; nobody may, who was interrupted while it waited."""
        with self._lock:
            mine.awaited = False
            if not mine.leads:
                return
            following = next((each for each in self._waiting if each.awaited), None)
            self._led = following is not None
            if following is not None:
                following.leads = True
                following.called.release()

    def _lead(self, mine: _Append) -> None:
        while not mine.done:
            taken = self._taken()
            try:
                self._serve(taken)
            except BaseException:  # an interrupt is this thread's alone: another stores what is left
                with self._lock:
                    self._waiting.extendleft(each for each in reversed(taken) if not each.done)
                raise

    def _taken(self) -> list[_Append]:
        taken: list[_Append] = []
        room = MOST_RECORDS
        with self._lock:
            while self._waiting and (not taken or len(self._waiting[0].records) <= room):
                taken.append(self._waiting.popleft())
                room -= len(taken[-1].records)
        return taken

    def _serve(self, appends: Sequence[_Append]) -> None:
        try:
            self._store([record for each in appends for record in each.records])
        except Exception as error:  # noqa: BLE001 - handed to the caller it belongs to
            if len(appends) > 1:  # one may have spoilt it for all
                for each in appends:
                    self._serve([each])
                return
            appends[0].error = error
        with self._lock:
            for each in appends:
                each.done = True
                if each.awaited and not each.leads:
                    each.called.release()
