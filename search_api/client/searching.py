"""Searches, sightings, what was watched, and the way somebody took."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from models.kinds import Kind
from pipeline.sighting import Box
from search_api.client.connection import Connection, read, read_all
from search_api.wire.archive import HeldPage, HoldChange, HoldOut, SightingsPage
from search_api.wire.base import HealthOut
from search_api.wire.cameras import CameraOut
from search_api.wire.coverage import CoverageOut
from search_api.wire.search import SearchReply
from search_api.wire.searches import SearchLogOut
from search_api.wire.sightings import SightingOut
from search_api.wire.trajectory import TrajectoryOut

Photo = bytes | Path
Moment = datetime | int  # with its zone, or UTC epoch ms


class Searching(Connection):
    """What the command centre asks."""

    def search(
        self,
        *,
        reason: str,
        photos: Sequence[Photo] = (),
        words: str = "",
        sighting: str = "",
        boxes: Sequence[Box] = (),
        confirmed: Sequence[str] = (),
        rejected: Sequence[str] = (),
        coat_may_have_changed: bool = False,
        kind: Kind | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        cameras: Sequence[str] = (),
        communities: Sequence[str] = (),
        zone: Sequence[tuple[float, float]] = (),
        top: int = 20,
    ) -> SearchReply:
        """Search by photos of one person, by words, by both, or by a stored `sighting`; `reason` goes into the log.

        `boxes` (left, top, right, bottom in pixels) pick the person in each photo. When one photo shows several and no
        box says who is meant, the reply has no hits and lists them in `people`. `zone` are corners in the picture of
        the one camera, in shares 0..1 of its width and height.
        """
        form: dict[str, Any] = {
            "reason": reason,
            "top": top,
            "words": words,
            "sighting_id": sighting,
            "box": [",".join(map(str, box)) for box in boxes],
            "confirmed": list(confirmed),
            "rejected": list(rejected),
            "coat_may_have_changed": "true" if coat_may_have_changed else "",
            "kind": "" if kind is None else kind.value,
            "from": moment(from_),
            "to": moment(to),
            "camera": list(cameras),
            "community": list(communities),
            "zone": " ".join(f"{x},{y}" for x, y in zone),
        }
        files = [("photo", (_name(photo), _content(photo))) for photo in photos]
        form = {name: value for name, value in form.items() if value not in ("", [])}
        return read(SearchReply, self.send("POST", "/v1/search", data=form, files=files or None))

    def sighting(self, sighting: str) -> SightingOut:
        """Return one sighting."""
        return read(SightingOut, self.get(f"/v1/sightings/{sighting}"))

    def picture(self, sighting: str) -> bytes:
        """Return the JPEG of a sighting."""
        return self.get(f"/v1/sightings/{sighting}/picture").content

    def sightings(
        self,
        *,
        reason: str,
        kind: Kind | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        cameras: Sequence[str] = (),
        communities: Sequence[str] = (),
    ) -> Iterator[SightingOut]:
        """Yield who passed, newest first; pages are asked for as they are needed."""
        asked = {"reason": reason, "kind": kind, "camera": cameras, "community": communities, "limit": 500}
        asked |= {"from": moment(from_), "to": moment(to)}
        cursor: str | None = None
        while True:
            page = read(SightingsPage, self.get("/v1/sightings", cursor=cursor, **asked))
            yield from page.sightings
            cursor = page.next
            if cursor is None:
                return

    def coverage(
        self, *, cameras: Sequence[str] = (), from_: Moment | None = None, to: Moment | None = None
    ) -> CoverageOut:
        """Return what was watched, camera by camera; of very many cameras page by page."""
        asked = {"camera": cameras, "from": moment(from_), "to": moment(to)}
        page = read(CoverageOut, self.get("/v1/coverage", **asked))
        found = list(page.cameras)
        while page.next is not None:
            page = read(CoverageOut, self.get("/v1/coverage", after=page.next, **asked))
            found += page.cameras
        return page.model_copy(update={"cameras": found})

    def trajectory(
        self,
        sightings: Sequence[str],
        *,
        reason: str,
        rejected: Sequence[str] = (),
        fill: bool = True,
        at: Moment | None = None,
    ) -> TrajectoryOut:
        """Link confirmed sightings, and look-alikes that fit, to a way; tell where she can be `at` a time, or now."""
        asked = {"sightings": list(sightings), "rejected": list(rejected), "fill": fill, "reason": reason}
        asked |= {"at": moment(at)} if at is not None else {}
        return read(TrajectoryOut, self.send("POST", "/v1/trajectory", json=asked))

    def hold(self, case: str, sightings: Sequence[str], *, reason: str) -> HoldChange:
        """Keep sightings for a case, whatever their age."""
        wanted = {"sightings": list(sightings), "reason": reason}
        return read(HoldChange, self.send("POST", f"/v1/cases/{case}/holds", json=wanted))

    def release(self, case: str, *, reason: str) -> HoldChange:
        """End everything a case holds."""
        return read(HoldChange, self.send("DELETE", f"/v1/cases/{case}/holds", params={"reason": reason}))

    def holds(self) -> list[HoldOut]:
        """Return the cases that hold sightings, the newest first."""
        return self.pages(HoldOut, "/v1/holds")

    def held(self, case: str) -> Iterator[str]:
        """Yield the ids of the sightings that a case holds, page by page."""
        after: str | None = ""
        while after is not None:
            page = read(HeldPage, self.get(f"/v1/cases/{case}/holds", after=after))
            yield from page.sightings
            after = page.next

    def cameras(self) -> list[CameraOut]:
        """Return the cameras and how they fare."""
        return self.pages(CameraOut, "/v1/cameras")

    def searches(self, limit: int = 100) -> list[SearchLogOut]:
        """Return the search log, newest first."""
        return read_all(SearchLogOut, self.get("/v1/searches", limit=limit).json())

    def health(self) -> HealthOut:
        """Return whether it works."""
        return read(HealthOut, self.get("/healthz"))


def moment(at: Moment | None) -> str:
    """Return a time as the API reads it, "" for none; raises ValueError for one without a zone."""
    if at is None:
        return ""
    if isinstance(at, int):
        at = datetime.fromtimestamp(at / 1000).astimezone()
    if at.tzinfo is None:
        raise ValueError("a time needs its zone, for instance datetime(2026, 5, 1, 12, tzinfo=UTC)")
    return at.isoformat()


def _name(photo: Photo) -> str:
    return photo.name if isinstance(photo, Path) else "photo"


def _content(photo: Photo) -> bytes:
    return photo.read_bytes() if isinstance(photo, Path) else photo
