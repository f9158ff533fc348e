"""Ctrl-C and SIGTERM ask the process to stop in order; a second one stops it at once."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

WANTED = (signal.SIGINT, signal.SIGTERM)


class StopSignal:
    """While the block runs, the first signal sets a flag and the second raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._before: dict[int, object] = {}

    def wait(self, timeout_s: float) -> bool:
        """Return True as soon as a signal came, False after `timeout_s`."""
        return self._asked.wait(timeout_s)

    def __enter__(self) -> Self:
        for number in WANTED:
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._asked.set()
