"""Everything that looks for alerts while cameras run, put together: the alerter, what it follows, and the herald."""

from collections.abc import Callable

import structlog
from sqlalchemy import Engine

from camera_adapters.clock import now_ms
from camera_adapters.stream_state import StreamState
from models.kinds import Kind
from pipeline.alerter import Alerter, Sink
from pipeline.alerting.camera_health.watch import OfflineWatch, SightWatch
from pipeline.alerting.care import Carer, CareRegister, CareTerms
from pipeline.alerting.renewal import Embedder, renew_residents, renew_watches
from pipeline.alerting.rules.book import open_rule_book
from pipeline.alerting.watches import Lookout, WatchBook
from pipeline.archive.contract import Archive
from pipeline.bus import open_bus
from pipeline.herald import Herald
from pipeline.settings import Settings
from pipeline.worker import Listeners

log = structlog.get_logger(__name__)


class Vigilance:
    """`start` before the cameras, `stop` after them; `take` keeps alerts durably, such as an IncidentDesk's.

    `listeners` are for the worker; `failure` is what ended one of the threads, which must not go unnoticed. `watches`,
    `residents` and `rule_book` are for the doors. Raises BadRules.
    """

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        engine: Engine,
        take: Sink,
        embedder: Callable[[Kind], Embedder],
        *,
        wall_ms: Callable[[], int] = now_ms,
    ) -> None:
        self.watches = WatchBook(engine)
        self.residents = CareRegister(engine)
        renew_watches(self.watches, embedder, wall_ms())
        renew_residents(self.residents, embedder(Kind.PERSON))
        self.bus = open_bus(settings.bus)
        terms = CareTerms(decide_after_s=settings.care.decide_after_s)
        self.lookout = Lookout(archive, self.watches, take, wall_ms=wall_ms)
        carer = Carer(archive, self.residents, self.watches, take, terms, wall_ms=wall_ms)
        self.rule_book = open_rule_book(settings)
        cameras = settings.site[1] if settings.health.enabled else ()
        self._offline = OfflineWatch(cameras, settings.health, take, wall_ms=wall_ms)
        sight = SightWatch(cameras, settings.health)
        followers = (self.lookout, carer, self._offline)
        self.alerter = Alerter(take, followers, (self.rule_book.observe, sight.observe))
        self.herald = Herald(self.bus, archive, engine, self.watches)

    @property
    def listeners(self) -> Listeners:
        """Who hears what the worker does."""
        return Listeners(self.alerter.observe, self._stored, self._hear)

    @property
    def failure(self) -> BaseException | None:
        """What ended one of the threads."""
        return self.alerter.failure or self.herald.failure

    def start(self) -> None:
        """Begin with what was left over."""
        self.alerter.start()
        self.herald.start()

    def stop(self) -> bool:
        """Look at the last of it, tell it, and close the bus; returns False when something did not end in time."""
        ended = self.alerter.stop()
        told = self.herald.stop()
        self.bus.close()
        if self.alerter.dropped or self.herald.dropped:
            log.warning("alerts_dropped", alerts=self.alerter.dropped, camera_states=self.herald.dropped)
        return ended and told

    def _hear(self, state: StreamState) -> None:
        self.herald.camera_state(state)
        self._offline.hear(state)

    def _stored(self) -> None:
        self.alerter.stored()
        self.herald.told()
