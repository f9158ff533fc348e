"""What the doors can do: search, look up, and write down every search."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from camera_adapters.clock import now_ms
from models.kinds import Kind
from models.pictures import read_picture
from pipeline.archive.contract import Archive, SearchRecord, SightingFilter
from pipeline.coverage import CameraCoverage, Watching, archive_coverage, recent_coverage
from pipeline.errors import SeveralFound
from pipeline.search import Answer, Eyes, Photo, Question, answer, check_filter, narrowed
from pipeline.sighting import Box
from pipeline.site_map import SiteMap, no_map
from pipeline.words import Parse, Place, parse
from search_api.errors import TooBusy

if TYPE_CHECKING:
    from models.detector import Detector
    from models.embedder import Embedder
    from pipeline.camera_report import CameraReport

WAITING_SEARCHES = 8


@dataclass(frozen=True, slots=True)
class Purpose:
    """Who asks and what for, as the search log keeps it."""

    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo as it came, and where in it the one meant is: left, top, right, bottom in its pixels."""

    content: bytes | Path
    box: Box | None = None


def _places_of(
    cameras: Sequence[str], communities: Sequence[str], names: Mapping[str, str], gates: Mapping[str, str]
) -> tuple[Place, ...]:
    """Return communities and cameras with what people call them; `names` of both by id, `gates` by camera."""
    return (
        *(Place(each, (names.get(each, each),), is_camera=False) for each in communities),
        *(Place(each, tuple(filter(None, (names.get(each), gates.get(each)))), is_camera=True) for each in cameras),
    )


@dataclass(slots=True)
class SearchService:
    """The archive and the networks a search needs; safe to use from many threads.

    `detector` and `embedder` load a network at its first use. One search by photo runs at a time; at most
    `WAITING_SEARCHES` run or wait, the next is refused with TooBusy and counted in `refused`. `unstored` tells how many
    sightings wait because the disk is full.
    """

    archive: Archive
    detector: Callable[[], "Detector"]
    embedder: Callable[[Kind], "Embedder"]
    cameras: Callable[[], Sequence["CameraReport"]] = tuple
    now_ms: Callable[[], int] = now_ms
    site: SiteMap = field(default_factory=no_map)
    unstored: Callable[[], int] = int
    refused: int = 0
    _seats: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(WAITING_SEARCHES))
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _named: tuple[object, tuple[Place, ...]] = (None, ())

    def known_cameras(self) -> list[str]:
        """Return the ids of the cameras configured or seen, sorted."""
        configured = {report.camera.id for report in self.cameras()} | set(self.site.graph.cameras)
        return sorted(configured | set(self.archive.cameras()))

    def camera_names(self) -> dict[str, str]:
        """Return the names of the configured cameras by id."""
        return {**self.site.names, **{report.camera.id: report.camera.name for report in self.cameras()}}

    def place_names(self) -> dict[str, str]:
        """Return the names of cameras and communities by id."""
        return {**self.site.community_names, **self.camera_names()}

    def known_communities(self) -> list[str]:
        """Return the ids of the communities configured or seen, sorted."""
        configured = {*self._of_community().values(), *self.site.community_names}
        return sorted({*configured, *self.archive.communities()} - {""})

    def check(self, where: SightingFilter) -> None:
        """Raise UnknownCamera, UnknownCommunity or BadTimeRange for a filter that can match nothing."""
        check_filter(where, self.known_cameras(), self.known_communities())

    def coverage(self, cameras: Sequence[str], from_ms: int | None, to_ms: int | None) -> list[CameraCoverage]:
        """Return what was watched of these cameras, or of all; an open end is where the records begin or end.

        Empty when nothing is recorded and the time was left open. Raises BadTimeRange.
        """
        return archive_coverage(self.archive, cameras, from_ms, to_ms, self.known_cameras())

    def recently_watched(self, cameras: Sequence[str], from_ms: int | None, to_ms: int | None) -> Watching:
        """Return the same, of very many cameras and days only for the last part of the time."""
        known = sorted({*self.known_cameras(), *self.archive.journal.cameras()})
        return recent_coverage(self.archive, cameras, from_ms, to_ms, known)

    def coverage_of(self, question: Question) -> Watching:
        """Return what was watched where a search looks: its cameras or those of its communities, and its time.

        Of very many cameras and days only for the last part of the time.
        """
        where = question.where if question.words is None else narrowed(question.where, question.words)
        cameras = where.cameras
        if where.communities and not cameras:
            there = {camera for camera, of in self._of_community().items() if of in where.communities}
            cameras = tuple(sorted({*there, *self.archive.cameras(where.communities)}))
            if not cameras:
                return Watching([])
        return self.recently_watched(cameras, where.from_ms, where.to_ms)

    def understood(self, words: str) -> Parse:
        """Return what words mean now and here; the names of the site's cameras and communities are places."""
        zone = datetime.now().astimezone().tzinfo or UTC
        return parse(words, now_ms=self.now_ms(), zone=zone, places=self._places())

    def search(self, question: Question, purpose: Purpose, uploads: Sequence[Upload] = ()) -> Answer:
        """Answer a question, with its photos still to be read, and write it down.

        Raises BadPicture, UnknownCamera, UnknownCommunity, BadTimeRange, NobodyFound, SeveralFound, SpaceMismatch,
        UnknownSighting, NothingAsked, BadFeedback, BadCoat, BadZone, TooBusy.
        """
        where = question.where if question.words is None else narrowed(question.where, question.words)
        works = bool(uploads) or question.coat_may_have_changed  # then networks run, one search at a time
        with (
            self._seat() if works else nullcontext(),
            self._recorded(purpose, _asked(question, where, uploads)) as found,
        ):
            self.check(where)
            photos = tuple(Photo(read_picture(upload.content), upload.box) for upload in uploads)
            with self._turn if works else nullcontext():
                answered = answer(self.archive, replace(question, photos=photos), Eyes(self.detector, self.embedder))
            found.append(answered)
            return answered

    def _places(self) -> tuple[Place, ...]:
        """Return the places of the site: the same ones as before while none of their names has changed."""
        gates = {report.camera.id: report.camera.gate for report in self.cameras()}
        names = self.place_names()
        known = (self.known_cameras(), self.known_communities(), names, gates)
        named, places = self._named
        if named != known:
            places = _places_of(*known)
            self._named = known, places
        return places

    def _of_community(self) -> dict[str, str]:
        """Return the community of each configured camera by its id."""
        return {**self.site.communities, **{report.camera.id: report.camera.community for report in self.cameras()}}

    @contextmanager
    def photo_turn(self) -> Iterator[None]:
        """Wait for the turn to run a network on a photo; raises TooBusy."""
        with self._seat(), self._turn:
            yield

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._seats.acquire(blocking=False):
            self.refused += 1
            raise TooBusy
        try:
            yield
        finally:
            self._seats.release()

    @contextmanager
    def _recorded(self, purpose: Purpose, what: Mapping[str, object]) -> Iterator[list[Answer]]:
        """Write the search down before its hits leave; one that found nobody is a search too."""
        found: list[Answer] = []
        outcome = "not answered"
        try:
            yield found
            outcome = "answered"
        except SeveralFound:
            outcome = "several in the photo"
            raise
        finally:
            entry, hits = {**what, "outcome": outcome}, sum(len(each.groups) for each in found)
            self.archive.record_search(SearchRecord(self.now_ms(), purpose.who, purpose.reason, entry, hits))


def _asked(question: Question, where: SightingFilter, uploads: Sequence[Upload]) -> dict[str, object]:
    """Return what the search log keeps of a question; nothing is said of what was not asked."""
    kind = where.kind or (Kind.PERSON if uploads else None)
    what: dict[str, object] = {
        "kind": None if kind is None else str(kind),
        "from_ms": where.from_ms,
        "to_ms": where.to_ms,
        "cameras": list(where.cameras),
        "communities": list(where.communities),
        "top": question.top,
    }
    if uploads:
        what |= {"photo": _named(uploads[0].content), "box": uploads[0].box}
    if len(uploads) > 1:
        what["more_photos"] = [{"photo": _named(each.content), "box": each.box} for each in uploads[1:]]
    if question.sighting_id is not None:
        what["sighting"] = question.sighting_id
    if question.words is not None:
        what["words"] = question.words.text
    if question.zone is not None:
        what["zone"] = [list(point) for point in question.zone.points]
    if question.coat_may_have_changed:
        what["coat_may_have_changed"] = True
    told = {"confirmed": list(question.confirmed), "rejected": list(question.rejected)}
    return what | {name: ids for name, ids in told.items() if ids}


def _named(photo: bytes | Path) -> str:
    return photo.name if isinstance(photo, Path) else f"sha256:{hashlib.sha256(photo).hexdigest()}"
