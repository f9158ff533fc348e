"""Appends of several threads as one commit: whoever has the turn stores what the others brought meanwhile."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from pipeline.sighting import Record

MOST_RECORDS = 4096  # in one commit of several appends; as many appends can wait as there are threads


class _Append:
    """The records of one call and what became of them."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.done = False
        self.error: Exception | None = None


class GroupCommit:
    """Gives every caller its own answer; `store` is called by one thread at a time, which then holds `turn`.

    One thread leads: it stores what waits. Those whose records it took go their way as soon as they are stored, and
    bring the next ones while it is at the following group; whoever finds no leader leads.
    """

    def __init__(self, store: Callable[[Sequence[Record]], None], turn: AbstractContextManager[object]) -> None:
        self._store = store
        self._turn = turn
        self._changed = threading.Condition()
        self._waiting: deque[_Append] = deque()
        self._led = False

    def append(self, records: Sequence[Record]) -> None:
        """Return when `store` has taken these records, alone or together with others; raises what it raised."""
        mine = _Append(records)
        with self._changed:
            self._waiting.append(mine)
            while self._led and not mine.done:
                self._changed.wait()
            if not mine.done:
                self._led = True
        if not mine.done:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error

    def _lead(self, mine: _Append) -> None:
        try:
            with self._turn:
                while not mine.done:
                    self._serve(self._taken())
        finally:
            with self._changed:
                self._led = False
                self._changed.notify_all()

    def _taken(self) -> list[_Append]:
        taken: list[_Append] = []
        room = MOST_RECORDS
        with self._changed:
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
        except BaseException:  # an interrupt is this thread's alone: the others try again themselves
            with self._changed:
                self._waiting.extendleft(reversed(appends))
            raise
        with self._changed:
            for each in appends:
                each.done = True
            self._changed.notify_all()
