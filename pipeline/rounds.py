"""A thread that goes round."""

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)
TICK_S = 0.5
AFTER_TROUBLE_S = 2.0


class Rounds:
    """Goes round when there is news and at least every `TICK_S`; waits for `AFTER_TROUBLE_S` after one that failed.

    `go_round` returns False for trouble that passes; what it raises ends the thread, is logged, and is then `failure`.
    `wake` returns at once. `start` once, `stop` once: there is a last round then, and `at_end` follows one that went
    well.
    """

    def __init__(self, name: str, go_round: Callable[[], bool], at_end: Callable[[], None] = lambda: None) -> None:
        self._name = name
        self._go_round = go_round
        self._at_end = at_end
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin; the first round comes by itself."""
        self._thread.start()

    def wake(self) -> None:
        """There is news."""
        self._news.set()

    def stop(self, timeout_s: float) -> bool:
        """Go round once more and end; returns False when that did not end in time."""
        self._stopping.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._news.wait(TICK_S)
                self._news.clear()
                if not self._go_round():
                    self._stopping.wait(AFTER_TROUBLE_S)
            if self._go_round():
                self._at_end()
        except Exception as error:
            self.failure = error
            log.exception(f"{self._name}_failed")
