"""Delivers the outbox: one thread with one event loop, one lane for each subscription that has letters."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import structlog

from camera_adapters.backoff import Random, Waits
from camera_adapters.clock import now_ms
from pipeline.alerting.delivery.backlog import Backlog
from pipeline.alerting.delivery.carriers import AT_ONCE, Carriers
from pipeline.alerting.delivery.channel import Parcel
from pipeline.alerting.delivery.lane import Lane, LaneCounters, LaneDuties
from pipeline.alerting.delivery.ledger import Ledger
from pipeline.alerting.delivery.outbox import Outbox
from pipeline.alerting.delivery.upkeep import Upkeep
from pipeline.alerting.settings import AlertingSettings
from pipeline.alerting.subscriptions.book import SubscriptionBook
from pipeline.alerting.subscriptions.terms import Subscription
from pipeline.errors import AlertingError

log = structlog.get_logger(__name__)
T = TypeVar("T")
TICK_S = 1.0
GATHER_S = 0.02  # news that come close together are looked at once
IDLE_S = 600.0  # a lane without letters for so long lets go of its connection


class Delivery:
    """`start` once, `stop` once. `told` may be called from any thread, inside or outside that time."""

    def __init__(
        self,
        book: SubscriptionBook,
        outbox: Outbox,
        carriers: Carriers,
        upkeep: Upkeep,
        settings: AlertingSettings,
        *,
        thumbnail: Callable[[str], bytes | None] = lambda _: None,
        news: Callable[[], None] = lambda: None,
        wall_ms: Callable[[], int] = now_ms,
        clock_s: Callable[[], float] = time.monotonic,
        rng: Random | None = None,
    ) -> None:
        self._book = book
        self._outbox = outbox
        self._carriers = carriers
        self._upkeep = upkeep
        self._settings = settings
        self._thumbnail = thumbnail
        self._tell_others = news
        self._wall_ms = wall_ms
        self._clock_s = clock_s
        self._rng = rng or random.SystemRandom()
        self._lanes: dict[str, tuple[Subscription, Lane, asyncio.Task[None]]] = {}
        self._busy_s: dict[str, float] = {}
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="delivery-reading")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="delivery-writing")
        self._pictures = ThreadPoolExecutor(1, thread_name_prefix="delivery-pictures")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    def start(self) -> None:
        """Begin with what waits."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Stop; what is under way is sent again at the next start. Returns False when it did not end in time."""
        self._stopping = True
        self.told()
        if self._thread.ident:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """True while letters are delivered."""
        return self._thread.is_alive()

    def told(self) -> None:
        """There are new letters."""
        self._call(self._news.set)

    def counters(self) -> dict[str, LaneCounters]:
        """Return how the lanes fare, by subscription."""
        return {name: lane.counters for name, (_, lane, _) in list(self._lanes.items())}

    def revive(self, subscription_id: str, letter_ids: list[int] | None = None) -> int:
        """Send dead letters again, all when None; return how many."""
        count = self._outbox.revive(subscription_id, letter_ids)
        self._call(partial(self._reread, subscription_id))
        return count

    def send_now(self, subscription: Subscription, parcel: Parcel) -> str:
        """Send one message past the outbox and return its receipt; raises Undelivered. For test messages."""

        async def send() -> str:
            carrier = self._carriers.carrier(subscription)
            try:
                return await carrier.send(parcel)
            finally:
                await carrier.close()

        return self._ask(send())

    def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None or not self._thread.is_alive():
            work.close()
            raise AlertingError("nothing is delivered at the moment: start `zhian run`")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _call(self, change: Callable[[], object]) -> None:
        """Let the loop do something; before `start` and after `stop` nothing is done: the start finds all letters."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(change)

    def _reread(self, subscription_id: str) -> None:
        if subscription_id in self._lanes:
            self._lanes[subscription_id][1].reread()
        self._news.set()

    def _run(self) -> None:
        assert self._loop is not None
        try:
            self._loop.run_until_complete(self._work())
        except Exception:
            log.exception("delivery_ended")
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
            self._reading.shutdown()
            self._writing.shutdown()
            self._pictures.shutdown()

    async def _work(self) -> None:
        self._ledger = Ledger(self._outbox.settle, self._writing)
        looked_s = float("-inf")
        while not self._stopping:
            self._news.clear()
            try:
                if self._clock_s() - looked_s >= TICK_S:
                    looked_s = self._clock_s()
                    if await self._in(self._writing, self._upkeep.look):
                        self._tell_others()
                await self._look()
            except AlertingError as error:
                log.warning("outbox_unreadable", detail=str(error))
                await asyncio.sleep(TICK_S)
            await self._rest()
        await self._close(list(self._lanes))

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(TICK_S):
                await self._news.wait()
        except TimeoutError:
            return
        if not self._stopping:
            await asyncio.sleep(GATHER_S)

    async def _look(self) -> None:
        """Open lanes where letters wait, wake them, and close those that are not needed any more or have changed."""
        waiting = await self._in(self._reading, self._outbox.waiting)
        # Read afterwards: a letter that was written after a change of its subscription goes where the change says.
        listed = {s.id: s for s in await self._in(self._reading, self._book.all)}
        now = self._clock_s()
        over = []
        for name, (subscription, _, task) in self._lanes.items():
            idle = name not in waiting and now - self._busy_s[name] > IDLE_S
            if listed.get(name) != subscription or idle or task.done():
                over.append(name)
        await self._close(over)
        for name in waiting:
            if name in listed:
                self._busy_s[name] = now
                self._lane(listed[name]).wake()

    def _lane(self, subscription: Subscription) -> Lane:
        if subscription.id not in self._lanes:
            lane = self._new_lane(subscription)
            task = asyncio.create_task(lane.run(), name=f"lane {subscription.id}")
            self._lanes[subscription.id] = (subscription, lane, task)
        return self._lanes[subscription.id][1]

    def _new_lane(self, subscription: Subscription) -> Lane:
        settings, terms = self._settings, subscription.terms
        backlog = Backlog(
            at_once=AT_ONCE[terms.channel],
            waits=Waits(settings.retry_first_s, max(settings.retry_first_s, settings.retry_longest_s)),
            rng=self._rng,
            terms=terms.digested,
        )
        duties = LaneDuties(
            load=lambda after, limit: self._in(self._reading, self._outbox.pending, subscription, after, limit),
            settle=self._ledger.settle,
            bundle=lambda ids, digest: self._in(self._writing, self._outbox.bundle, ids, digest),
            picture=self._picture if terms.thumbnail else _no_picture,
            wall_ms=self._wall_ms,
            clock_s=self._clock_s,
            give_up_s=settings.give_up_after_h * 3600,
        )
        return Lane(self._carriers.carrier(subscription), backlog, duties, name=terms.name)

    async def _close(self, names: list[str]) -> None:
        tasks = [self._lanes.pop(name)[2] for name in names]
        for name, task in zip(names, tasks, strict=True):
            self._busy_s.pop(name, None)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _picture(self, sighting_id: str) -> bytes | None:
        return await self._in(self._pictures, self._thumbnail, sighting_id)

    async def _in(self, thread: Executor, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401 - of any work
        return await asyncio.get_running_loop().run_in_executor(thread, work, *arguments)


async def _no_picture(_sighting_id: str) -> bytes | None:
    return None
