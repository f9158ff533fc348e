"""The API's calls, typed: what goes in is Python's, what comes out are the models of `search_api.schemas`."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from models.kinds import Kind
from pipeline.sighting import Box
from search_api.client.connection import Connection, read, read_all
from search_api.schemas import CameraOut, HealthOut, SearchLogOut, SightingOut
from search_api.search_schemas import SearchReply

Photo = bytes | Path
Moment = datetime | int  # with its zone, or UTC epoch ms


class Client(Connection):
    """A zhian's HTTP API. Every call raises Unreachable or ProblemReply."""

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
        top: int = 20,
    ) -> SearchReply:
        """Search by photos of one person, by words, by both, or by a stored `sighting`; `reason` goes into the log.

        `boxes` (left, top, right, bottom in pixels) pick the person in each photo. When one photo shows several and no
        box says who is meant, the reply has no hits and lists them in `people`.
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
            "from": _moment(from_),
            "to": _moment(to),
            "camera": list(cameras),
            "community": list(communities),
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

    def cameras(self) -> list[CameraOut]:
        """Return the cameras and how they fare."""
        return read_all(CameraOut, self.get("/v1/cameras").json())

    def searches(self, limit: int = 100) -> list[SearchLogOut]:
        """Return the search log, newest first."""
        return read_all(SearchLogOut, self.get("/v1/searches", limit=limit).json())

    def health(self) -> HealthOut:
        """Return whether it works."""
        return read(HealthOut, self.get("/healthz"))


def _moment(moment: Moment | None) -> str:
    if moment is None:
        return ""
    if isinstance(moment, int):
        moment = datetime.fromtimestamp(moment / 1000).astimezone()
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, for instance datetime(2026, 5, 1, 12, tzinfo=UTC)")
    return moment.isoformat()


def _name(photo: Photo) -> str:
    return photo.name if isinstance(photo, Path) else "photo"


def _content(photo: Photo) -> bytes:
    return photo.read_bytes() if isinstance(photo, Path) else photo
