"""What the doors can do with watches: make one from photos, words or a plate, show what it costs, withdraw it."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from models.embeddings import Embeddings
from models.errors import SpaceMismatch
from models.kinds import Kind
from models.pictures import encode_jpeg, read_picture
from pipeline.alerting.alert import Severity
from pipeline.alerting.budget import Calibration, Evidence, Scores
from pipeline.alerting.watches import Target, Watch, WatchBook
from pipeline.alerting.watches.book import WatchHit
from pipeline.alerting.watches.evidence import agreeing_per_day, archive_scores, calibrated
from pipeline.alerting.watches.lookout import feedback, rates
from pipeline.alerting.watches.watch import DAY_MS, check_watch
from pipeline.archive.contract import SearchRecord, SightingFilter
from pipeline.archive.looks import Looks
from pipeline.errors import NothingAsked, SeveralFound
from pipeline.search import Photo, narrowed, subject_of
from pipeline.settings import WatchSettings
from pipeline.sighting import Box
from search_api.errors import BadInput
from search_api.service import Purpose, SearchService

MOST_PHOTOS = 8
CROP_QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class WatchWish:
    """What somebody wants to be told of; None is the configured value, `photos` and `sightings` show the same one."""

    where: SightingFilter
    expires_ms: int
    photos: Sequence[bytes | Path] = ()
    box: Box | None = None
    sightings: Sequence[str] = ()
    words: str = ""
    plate: str = ""
    name: str = ""
    false_alerts_per_day: float | None = None
    again_after_s: float | None = None
    severity: Severity = Severity.HIGH


@dataclass(frozen=True, slots=True, eq=False)
class WatchCost:
    """What a watch's budget means: thresholds and curve for photos, and how many a day agree with its words alone."""

    calibration: Calibration | None
    agreeing_per_day: float | None


@dataclass(slots=True)
class WatchService:
    """Watches over one archive; safe to use from many threads."""

    search: SearchService
    book: WatchBook
    settings: WatchSettings = field(default_factory=WatchSettings)
    added: Callable[[], None] = lambda: None

    def add(self, wish: WatchWish, purpose: Purpose) -> Watch:
        """Make a watch and write down, as with every search, who made it and what for.

        Raises BadWatch, BadInput, BadPicture, NobodyFound, SeveralFound, NothingAsked, UnknownSighting, SpaceMismatch,
        TooBusy.
        """
        now_ms = self.search.now_ms()
        target, crops = self._target(wish)
        watch_id = secrets.token_hex(8)
        budget, again_s = wish.false_alerts_per_day, wish.again_after_s
        watch = Watch(
            watch_id,
            wish.name.strip() or f"W-{watch_id[:6]}",
            target,
            purpose.reason.strip(),
            purpose.who,
            now_ms,
            wish.expires_ms,
            self.settings.false_alerts_per_day if budget is None else budget,
            wish.severity,
            self.settings.again_after_s if again_s is None else again_s,
            wish.words.strip(),
            tuple(wish.sightings),
        )
        check_watch(
            watch,
            longest_days=self.settings.longest_days,
            known_cameras=frozenset(self.search.known_cameras()),
        )
        self._record(watch, "watch added", purpose)
        self.book.add(watch, crops)
        self.added()
        return watch

    def withdraw(self, watch_id: str, purpose: Purpose) -> Watch:
        """End a watch before its time; its photos and vectors are erased. Raises UnknownWatch, BadWatch."""
        watch = self.book.withdraw(watch_id, purpose.who, purpose.reason, self.search.now_ms())
        self._record(watch, "watch withdrawn", purpose)
        return watch

    def cost(self, watch: Watch) -> WatchCost:
        """Return what the watch's budget means by what is known now."""
        archive, now_ms = self.search.archive, self.search.now_ms()
        calibration = None
        if watch.target.vectors is not None:
            counts = self.book.scores([watch.id]).get(watch.id, {})
            recorded = {camera: Scores.counted(each) for camera, each in counts.items()}
            per_day = rates(archive, watch, recorded, now_ms)
            past = archive_scores(archive, watch.target, now_ms, watch.same_as)
            evidence = Evidence(past, recorded, per_day, *feedback(self.book, watch, now_ms))
            calibration = calibrated(watch.budget_per_day, watch.target, evidence, with_curve=True)
        return WatchCost(calibration, agreeing_per_day(archive, watch.target, now_ms))

    def hits(self, watch_id: str, *, limit: int = 100) -> list[WatchHit]:
        """Return what a watch found, newest first; raises UnknownWatch."""
        return self.book.hits([self.book.get(watch_id).id], limit=limit)

    def alerts_raised(self) -> Mapping[str, int]:
        """Return how many alerts each watch has raised."""
        return self.book.hit_counts()

    def _target(self, wish: WatchWish) -> tuple[Target, list[bytes]]:
        """Return what to look for, and a JPEG for each of its vectors."""
        where, looks = wish.where, Looks()
        if wish.words.strip():
            parsed = self.search.understood(wish.words)
            where, looks = narrowed(where, parsed), Looks(parsed.wanted, parsed.without)
            if not looks:
                raise NothingAsked
        if len(wish.photos) + len(wish.sightings) > MOST_PHOTOS:
            raise BadInput(f"more than {MOST_PHOTOS} photos and sightings: choose the clearest")
        if wish.box is not None and len(wish.photos) != 1:
            raise BadInput("a box belongs to one photo: send exactly one with it")
        pictured = bool(wish.photos or wish.sightings)
        if pictured and where.kind is None:
            seen = {self.search.archive.get(each).kind for each in wish.sightings}
            where = replace(where, kind=seen.pop() if len(seen) == 1 else Kind.PERSON)
        elif wish.plate and where.kind is None:
            where = replace(where, kind=Kind.MOTOR_VEHICLE)
        vectors, crops = self._described(wish, where.kind or Kind.PERSON)
        return Target(where, vectors, looks, wish.plate.strip()), crops

    def _described(self, wish: WatchWish, kind: Kind) -> tuple[Embeddings | None, list[bytes]]:
        """Describe photos with the embedder in use; of sightings the vectors are there already."""
        if not (wish.photos or wish.sightings):
            return None, []
        embedder = self.search.embedder(kind)
        shown, crops = describe_photos(self.search, wish.photos, kind, wish.box)
        parts = [] if shown is None else [shown]
        for sighting_id in wish.sightings:
            vectors = self.search.archive.vector(sighting_id)
            if vectors.space != embedder.space:
                raise SpaceMismatch(vectors.space, f"what cameras see now ({embedder.space})")
            parts.append(vectors)
            crops.append(self.search.archive.picture(sighting_id))
        return _stacked(parts), crops

    def _record(self, watch: Watch, what: str, purpose: Purpose) -> None:
        where = watch.target.where
        entry: dict[str, object] = {
            "action": what,
            "watch": watch.id,
            "name": watch.name,
            "photos": 0 if watch.target.vectors is None else len(watch.target.vectors),
            "words": watch.words,
            "plate": watch.target.plate,
            "cameras": list(where.cameras),
            "communities": list(where.communities),
            "days": round((watch.expires_ms - watch.created_ms) / DAY_MS, 2),
        }
        at_ms = self.search.now_ms()
        self.search.archive.record_search(SearchRecord(at_ms, purpose.who, purpose.reason, entry, 0))


def describe_photos(
    search: SearchService, photos: Sequence[bytes | Path], kind: Kind, box: Box | None = None
) -> tuple[Embeddings | None, list[bytes]]:
    """Return the vectors of the one each photo shows, with JPEGs of them; None without photos.

    Raises BadPicture, NobodyFound, SeveralFound, TooBusy.
    """
    parts: list[Embeddings] = []
    crops: list[bytes] = []
    for number, photo in enumerate(photos, 1):
        with search.photo_turn():
            try:
                shown = subject_of(Photo(read_picture(photo), box), kind, search.detector())
            except SeveralFound as several:
                raise SeveralFound(several.detections, number) from several
            parts.append(search.embedder(kind).embed([shown.crop]))
        crops.append(encode_jpeg(shown.crop, CROP_QUALITY))
    return (_stacked(parts), crops) if parts else (None, [])


def _stacked(parts: Sequence[Embeddings]) -> Embeddings:
    return Embeddings(np.concatenate([part.vectors for part in parts]), parts[0].space)
