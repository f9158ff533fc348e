"""Verdicts of many lanes, written down together: one commit for all that come while the last one is written."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from pipeline.alerting.delivery.outbox import Verdict


class Ledger:
    """`settle` returns when its verdicts are durable, and raises what writing them raised. One event loop owns it."""

    def __init__(self, write: Callable[[Sequence[Verdict]], None], thread: Executor) -> None:
        self._write = write
        self._thread = thread
        self._waiting: list[tuple[Sequence[Verdict], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def settle(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts down."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((verdicts, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken, self._waiting = self._waiting, []
            together = [verdict for verdicts, _ in taken for verdict in verdicts]
            try:
                await loop.run_in_executor(self._thread, self._write, together)
            except Exception as error:  # noqa: BLE001 - handed on to everybody who waits
                for _, written in taken:
                    if not written.done():
                        written.set_exception(error)
            else:
                for _, written in taken:
                    if not written.done():
                        written.set_result(None)
