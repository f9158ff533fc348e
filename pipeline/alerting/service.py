"""Everything that happens to an alert after it was raised, put together: incidents, subscriptions, delivery."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine

from camera_adapters.backoff import Random
from camera_adapters.clock import now_ms
from pipeline.alerting.database import DATABASE_NAME, open_database
from pipeline.alerting.delivery.carriers import Carriers
from pipeline.alerting.delivery.delivery import Delivery
from pipeline.alerting.delivery.guard import AddressGuard
from pipeline.alerting.delivery.hub import EventHub
from pipeline.alerting.delivery.outbox import Outbox
from pipeline.alerting.delivery.thumbnails import thumbnails
from pipeline.alerting.delivery.upkeep import Upkeep
from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.incidents.reading import IncidentReader
from pipeline.alerting.message import Composer
from pipeline.alerting.places import Places
from pipeline.alerting.settings import AlertingSettings
from pipeline.alerting.subscriptions.book import SubscriptionBook
from pipeline.alerting.subscriptions.terms import Channel
from pipeline.errors import BadSubscription, UnknownSighting

APPRISE_THREADS = 16


def _no_picture(sighting_id: str) -> bytes:
    raise UnknownSighting(sighting_id)


class Alerting:
    """One database, and who works on it. `desk.take` is where alerts go.

    `start` begins to deliver and to feed the event stream, `stop` ends both; what is not delivered then waits in the
    database. Without `start` incidents and subscriptions can be read and changed all the same.
    """

    def __init__(
        self,
        engine: Engine,
        settings: AlertingSettings | None = None,
        places: Places | None = None,
        picture: Callable[[str], bytes] = _no_picture,
        *,
        wall_ms: Callable[[], int] = now_ms,
        clock_s: Callable[[], float] = time.monotonic,
        rng: Random | None = None,
        guard: AddressGuard | None = None,
    ) -> None:
        self.engine = engine
        self.settings = settings or AlertingSettings()
        self._composer = composer = Composer(places or Places(), self.settings.public_address)
        self._wall_ms = wall_ms
        self._threads = ThreadPoolExecutor(APPRISE_THREADS, thread_name_prefix="apprise")
        carriers = Carriers(self.settings, self._threads, guard)
        self.book = SubscriptionBook(
            engine, check=carriers.check, longest_mute_days=self.settings.longest_mute_days, wall_ms=wall_ms
        )
        self.outbox = Outbox(engine, self.book, wall_ms=wall_ms)
        self.desk = IncidentDesk(
            engine, self.settings, composer=composer, enlist=self.outbox.enlist, told=self._told, wall_ms=wall_ms
        )
        self.reader = IncidentReader(engine)
        self.upkeep = Upkeep(engine, self.book, self.outbox, self.settings, composer, wall_ms=wall_ms, clock_s=clock_s)
        self.hub = EventHub(engine, self.book)
        self.delivery = Delivery(
            self.book,
            self.outbox,
            carriers,
            self.upkeep,
            self.settings,
            thumbnail=thumbnails(picture),
            news=self.hub.told,
            wall_ms=wall_ms,
            clock_s=clock_s,
            rng=rng,
        )

    def start(self) -> None:
        """Deliver what waits and what comes."""
        self.hub.start()
        self.delivery.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Stop delivering and close the database; returns False when something did not end in time."""
        self.hub.close()
        ended = self.delivery.stop(timeout_s)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()
        return ended

    def send_test(self, subscription_id: str, who: str) -> str:
        """Send a test message past the outbox and return its receipt.

        Raises UnknownSubscription, BadSubscription for a stream, AlertingError when delivery does not run, Undelivered.
        """
        subscription = self.book.get(subscription_id)
        if subscription.terms.channel is Channel.STREAM:
            raise BadSubscription("a stream has no receiver to send to: its subscriber reads /v1/events")
        return self.delivery.send_now(subscription, self._composer.test(who, self._wall_ms()))

    def _told(self) -> None:
        self.hub.told()
        self.delivery.told()


def open_alerting(
    folder: Path,
    settings: AlertingSettings | None = None,
    places: Places | None = None,
    picture: Callable[[str], bytes] = _no_picture,
) -> Alerting:
    """Open alerting over the database the settings name, by default `alerting.sqlite` in `folder` (the archive's).

    `picture` returns the JPEG of a sighting. Raises AlertingError.
    """
    path = (settings.path if settings else None) or folder / DATABASE_NAME
    return Alerting(open_database(path), settings, places, picture)
