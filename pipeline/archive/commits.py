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
    """Gives every caller its own answer; `store` is called by one thread at a time, the one that holds `turn`."""

    def __init__(self, store: Callable[[Sequence[Record]], None], turn: AbstractContextManager[object]) -> None:
        self._store = store
        self._turn = turn
        self._door = threading.Lock()
        self._waiting: deque[_Append] = deque()

    def append(self, records: Sequence[Record]) -> None:
        """Return when `store` has taken these records, alone or together with others; raises what it raised."""
        mine = _Append(records)
        with self._door:
            self._waiting.append(mine)
        with self._turn:
            while not mine.done:
                self._serve(self._taken())
        if mine.error is not None:
            raise mine.error

    def _taken(self) -> list[_Append]:
        taken: list[_Append] = []
        room = MOST_RECORDS
        with self._door:
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
            with self._door:
                self._waiting.extendleft(reversed(appends))
            raise
        for each in appends:
            each.done = True
