"""The lane to one subscriber: its own queue, its own pace, its own failures; nobody waits for another's receiver."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from pipeline.alerting.delivery.backlog import Backlog, Batch
from pipeline.alerting.delivery.channel import Carrier, Parcel, Reason, Undelivered
from pipeline.alerting.delivery.digest import name_of, parcel_of
from pipeline.alerting.delivery.outbox import Letter, LetterState, Verdict
from pipeline.errors import AlertingError

log = structlog.get_logger(__name__)
UNWRITTEN = 256  # verdicts of one lane that wait for the disk at most
LOADED = 600  # letters of one lane in memory; the others wait in the database
FAULT_WAIT_S = 5.0
GRACE_S = 0.5  # what is nearly there need not be sent twice
LONGEST_END_S = 3.0


@dataclass(frozen=True, slots=True)
class LaneDuties:
    """What a lane needs from around it: letters after an id, where verdicts and bundles go, pictures and clocks."""

    load: Callable[[int, int], Awaitable[list[Letter]]]
    settle: Callable[[Sequence[Verdict]], Awaitable[None]]
    bundle: Callable[[Sequence[int], str], Awaitable[None]]
    picture: Callable[[str], Awaitable[bytes | None]]
    wall_ms: Callable[[], int]
    clock_s: Callable[[], float]
    give_up_s: float


@dataclass(slots=True)
class LaneCounters:
    """How a lane fares since it was opened: messages delivered and given up, attempts failed; and why it fails now."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0
    failing: str = ""


class Lane:
    """Delivers the letters of one subscription; `run` is its task, `wake` tells it that there are new letters."""

    def __init__(self, carrier: Carrier, backlog: Backlog, duties: LaneDuties, name: str = "") -> None:
        self._carrier = carrier
        self._backlog = backlog
        self._duties = duties
        self._name = name
        self._last_id = 0
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing: set[asyncio.Task[None]] = set()
        self.counters = LaneCounters()

    def wake(self) -> None:
        """Look for new letters."""
        self._woken.set()

    def reread(self) -> None:
        """Look at all letters again: some that were passed may be pending anew."""
        self._last_id = 0
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is tried again at the next start."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self._fill()
                except AlertingError as error:
                    log.warning("outbox_unreadable", subscription=self._name, detail=str(error))
                    await asyncio.sleep(FAULT_WAIT_S)
                    continue
                self._start_due()
                await self._rest()
        finally:
            await self._end()

    async def _end(self) -> None:
        """Give up what is under way; what has arrived is written down, if the disk does not refuse."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_S)
        for task in self._tasks - self._writing:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LONGEST_END_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._carrier.close()

    async def _fill(self) -> None:
        room = LOADED - self._backlog.held
        if room >= LOADED // 2:
            letters = await self._duties.load(self._last_id, room)
            if letters:
                self._last_id = letters[-1].id
                self._backlog.add(letters)

    def _start_due(self) -> None:
        while len(self._tasks) < UNWRITTEN:
            batch = self._backlog.take(self._duties.clock_s(), self._duties.wall_ms())
            if batch is None:
                return
            task = asyncio.create_task(self._deliver(batch))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._writing.discard(task)
        self._woken.set()

    async def _rest(self) -> None:
        """Wait for news, or until something falls due."""
        now = self._duties.clock_s()
        due_s = self._backlog.next_s(now)
        try:
            async with asyncio.timeout(None if due_s is None else max(due_s - now, 0.001)):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _deliver(self, batch: Batch) -> None:
        try:
            parcel = await self._parcel(batch)
            receipt = await self._carrier.send(parcel)
        except Undelivered as error:
            await self._failed(batch, error)
        except Exception as error:  # the top of a task: a fault of one carrier must not end the lane
            log.exception("carrier_fault", subscription=self._name)
            await self._failed(batch, Undelivered(Reason.FAILING, f"fault in zhian: {error!r}"))
        else:
            # The next letter need not wait for the disk: a verdict that is lost means one message twice, not none.
            self._backlog.arrived(batch)
            self._woken.set()
            self.counters.failing = ""
            await self._settle(batch, LetterState.DELIVERED, receipt=receipt)
            self.counters.delivered += len(batch.letters)

    async def _parcel(self, batch: Batch) -> Parcel:
        if not batch.digested:
            letter = batch.letters[0]
            jpeg = await self._duties.picture(letter.sighting_id) if letter.sighting_id else None
            return Parcel(letter.event_id, letter.incident_id, json.loads(letter.body), jpeg)
        name = batch.letters[0].digest or name_of(batch.letters)
        if not batch.letters[0].digest:
            await self._duties.bundle([letter.id for letter in batch.letters], name)
        return parcel_of([replace(letter, digest=name) for letter in batch.letters])

    async def _failed(self, batch: Batch, error: Undelivered) -> None:
        self.counters.failed += 1
        since_s = batch.failing_since_s
        # Counted by the monotonic clock, anew in each process: no jump of the wall clock makes us give up.
        given_up = since_s is not None and self._duties.clock_s() - since_s > self._duties.give_up_s
        reason = f"{Reason.GAVE_UP}: {error}" if given_up and not error.for_good else str(error)
        if self.counters.failing != str(error):
            log.warning("delivery_failing", subscription=self._name, reason=str(error.reason), detail=error.detail)
        self.counters.failing = str(error)
        over = error.for_good or given_up
        await self._settle(batch, LetterState.DEAD if over else LetterState.PENDING, reason=reason[:500])
        if over:
            self._backlog.gone(batch)
            self.counters.dead += len(batch.letters)
        else:
            self._backlog.failed(batch, self._duties.clock_s(), asked_wait_s=error.wait_s)

    async def _settle(self, batch: Batch, state: LetterState, *, reason: str = "", receipt: str = "") -> None:
        """Write the verdict down, however long the disk refuses; it is bounded how many wait for that."""
        task = asyncio.current_task()
        if task is not None:
            self._writing.add(task)
        verdicts = [Verdict(letter.id, state, batch.attempts, reason, receipt) for letter in batch.letters]
        while True:
            try:
                await self._duties.settle(verdicts)
            except AlertingError as error:
                log.warning("verdict_not_written", subscription=self._name, detail=str(error))
                await asyncio.sleep(FAULT_WAIT_S)
            else:
                return
