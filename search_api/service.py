"""What the doors can do: search by photo or by sighting, look up, and write down every search."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from camera_adapters.clock import now_ms
from models.kinds import Kind
from models.pictures import read_picture
from pipeline.archive.contract import Archive, Hit, SearchRecord, SightingFilter
from pipeline.archive.looks import Looks
from pipeline.coverage import CameraCoverage, archive_coverage
from pipeline.errors import SeveralFound
from pipeline.search import (
    NO_LOOKS,
    PhotoSearch,
    check_filter,
    narrowed,
    search_by_photo,
    search_by_sighting,
    search_by_words,
)
from pipeline.sighting import Box
from pipeline.words import Parse, Place, parse
from search_api.errors import TooBusy

if TYPE_CHECKING:
    from models.detector import Detector
    from models.embedder import Embedder
    from pipeline.worker import CameraReport

WAITING_SEARCHES = 8


@dataclass(frozen=True, slots=True)
class Purpose:
    """Who asks and what for, as the search log keeps it."""

    who: str
    reason: str


@dataclass(slots=True)
class SearchService:
    """The archive and the networks a search needs; safe to use from many threads.

    `detector` and `embedder` load a network at its first use. One search by photo runs at a time; at most
    `WAITING_SEARCHES` run or wait, the next is refused with TooBusy and counted in `refused`.
    """

    archive: Archive
    detector: Callable[[], "Detector"]
    embedder: Callable[[Kind], "Embedder"]
    cameras: Callable[[], Sequence["CameraReport"]] = tuple
    now_ms: Callable[[], int] = now_ms
    refused: int = 0
    _seats: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(WAITING_SEARCHES))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def known_cameras(self) -> list[str]:
        """Return the ids of the cameras configured or seen, sorted."""
        return sorted({report.camera.id for report in self.cameras()} | set(self.archive.cameras()))

    def camera_names(self) -> dict[str, str]:
        """Return the names of the configured cameras by id."""
        return {report.camera.id: report.camera.name for report in self.cameras()}

    def coverage(self, cameras: Sequence[str], from_ms: int | None, to_ms: int | None) -> list[CameraCoverage]:
        """Return what was watched of these cameras, or of all; an open end is where the records begin or end.

        Empty when nothing is recorded and the time was left open. Raises BadTimeRange.
        """
        return archive_coverage(self.archive, cameras, from_ms, to_ms, self.camera_names())

    def understood(self, words: str) -> Parse:
        """Return what words mean now and here; the names of the site's cameras and communities are places."""
        zone = datetime.now().astimezone().tzinfo or UTC
        return parse(words, now_ms=self.now_ms(), zone=zone, places=self._places())

    def by_words(self, words: Parse, where: SightingFilter, top: int, purpose: Purpose) -> list[Hit]:
        """Search for those who look as described; raises NothingAsked, UnknownCamera, BadTimeRange."""
        asked = narrowed(where, words)
        with self._recorded(purpose, {"words": words.text, **_described(asked, top)}) as found:
            check_filter(asked, self.known_cameras())
            hits = search_by_words(self.archive, words, where, top)
            found.extend(hits)
            return hits

    def by_photo(
        self,
        photo: bytes | Path,
        where: SightingFilter,
        top: int,
        purpose: Purpose,
        box: Box | None = None,
        words: Parse | None = None,
    ) -> PhotoSearch:
        """Search for the one in the photo, or in its `box` (left, top, right, bottom in its pixels).

        Words narrow the filter and put those who look as described first.

        Raises BadPicture, UnknownCamera, BadTimeRange, NobodyFound, SeveralFound, SpaceMismatch, TooBusy.
        """
        where = where if words is None else narrowed(where, words)
        kind = where.kind or Kind.PERSON
        what = {"photo": _named(photo), "box": box, **_described(where, top)}
        what |= {} if words is None else {"words": words.text}
        with self._seat(), self._recorded(purpose, what) as found:
            check_filter(where, self.known_cameras())
            image = read_picture(photo)
            with self._turn:
                result = search_by_photo(
                    self.archive,
                    image,
                    kind=kind,
                    detector=self.detector(),
                    embedder=self.embedder(kind),
                    where=where,
                    top=top,
                    box=box,
                    looks=NO_LOOKS if words is None else Looks(words.wanted, words.without),
                )
            found.extend(result.hits)
            return result

    def by_sighting(self, sighting_id: str, where: SightingFilter, top: int, purpose: Purpose) -> list[Hit]:
        """Search for more like a stored sighting; raises UnknownSighting, UnknownCamera, BadTimeRange."""
        what = {"sighting": sighting_id, **_described(where, top)}
        with self._recorded(purpose, what) as found:
            check_filter(where, self.known_cameras())
            hits = search_by_sighting(self.archive, sighting_id, where, top)
            found.extend(hits)
            return hits

    def _places(self) -> list[Place]:
        reports = [report.camera for report in self.cameras()]
        names = {camera.id: (camera.name, camera.gate) for camera in reports}
        known = {*self.archive.communities(), *(camera.community for camera in reports)}
        places = [Place(each, (each,), is_camera=False) for each in sorted(known) if each]
        cameras = [
            Place(each, tuple(filter(None, names.get(each, ()))), is_camera=True) for each in self.known_cameras()
        ]
        return places + cameras

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
    def _recorded(self, purpose: Purpose, what: Mapping[str, object]) -> Iterator[list[Hit]]:
        """Write the search down before its hits leave; one that found nobody is a search too."""
        found: list[Hit] = []
        outcome = "not answered"
        try:
            yield found
            outcome = "answered"
        except SeveralFound:
            outcome = "several in the photo"
            raise
        finally:
            entry = {**what, "outcome": outcome}
            self.archive.record_search(SearchRecord(self.now_ms(), purpose.who, purpose.reason, entry, len(found)))


def _named(photo: bytes | Path) -> str:
    return photo.name if isinstance(photo, Path) else f"sha256:{hashlib.sha256(photo).hexdigest()}"


def _described(where: SightingFilter, top: int) -> dict[str, object]:
    return {
        "kind": None if where.kind is None else str(where.kind),
        "from_ms": where.from_ms,
        "to_ms": where.to_ms,
        "cameras": list(where.cameras),
        "communities": list(where.communities),
        "top": top,
    }
