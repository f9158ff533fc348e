"""A door over a small archive in memory, with networks that are simple but really look at the pixels.

The detector finds saturated rectangles, the embedder describes colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import httpx
import numpy as np
from numpy.typing import NDArray

from camera_adapters.site import Camera, Position
from camera_adapters.stream_state import Status
from models.detections import Detections
from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.analysis.latency import Latency
from pipeline.archive.memory import InMemoryArchive
from pipeline.errors import ArchiveFull
from pipeline.sighting import Record, Shot, Sighting, TrackletKey
from pipeline.site_map import SiteMap
from pipeline.trajectory.graph import CameraGraph
from search_api.service import SearchService

Image = NDArray[np.uint8]
TOKEN = "a-token-of-the-day-shift"
NOON_MS = 1777608000000
SPACE = EmbeddingSpace("mean_colour", "1-fp32", 3)
RED, GREEN, BLUE = (30, 30, 220), (30, 200, 30), (220, 40, 40)


class Rectangles:
    """Finds every saturated rectangle on grey."""

    name = "rectangles"

    def detect(
        self, images: Sequence[Image], source_sizes: object = None, *, min_score: float = 0.3
    ) -> list[Detections]:
        return [self._one(image) for image in images]

    @staticmethod
    def _one(image: Image) -> Detections:
        spread = image.max(axis=2).astype(int) - image.min(axis=2)
        _, _, stats, _ = cv2.connectedComponentsWithStats((spread > 60).astype(np.uint8))
        boxes = [[x, y, x + w, y + h] for x, y, w, h, area in stats[1:] if area > 100]
        n = len(boxes)
        return Detections(np.array(boxes, np.float32).reshape(n, 4), np.full(n, 0.9, np.float32), np.zeros(n, np.int64))


class MeanColour:
    """Describes a crop by its mean colour."""

    space = SPACE

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        means = np.array([crop.reshape(-1, 3).mean(axis=0) for crop in crops], np.float32)
        return Embeddings(means / np.linalg.norm(means, axis=1, keepdims=True), SPACE)


@dataclass
class State:
    status: Status
    reason: str | None = None
    detail: str = ""
    last_frame_ms: int | None = None


@dataclass
class Report:
    camera: Camera
    state: State
    received: int = 10
    analysed: int = 8
    dropped: int = 2
    sightings: int = 1
    watermark_ms: int | None = NOON_MS
    behind_s: float | None = 2.5
    gated: int = 3
    idle: bool = False
    thinned: int = 0
    main: State | None = None
    latency: Latency = field(default_factory=lambda: Latency(40.0, 90.0))


def photo(*colours: tuple[int, int, int], size: tuple[int, int] = (200, 300)) -> bytes:
    image = np.full((*size, 3), 128, np.uint8)
    for i, colour in enumerate(colours):
        image[40:160, 20 + 90 * i : 70 + 90 * i] = colour
    return cv2.imencode(".png", image)[1].tobytes()


def record(
    camera: str, track: int, colour: tuple[int, int, int], at_ms: int, community: str = "willow", **looks: str
) -> Record:
    key = TrackletKey(camera, "s1", track)
    crop = np.full((60, 25, 3), colour, np.uint8)
    shot = Shot(at_ms + 1000, (10.0, 20.0, 35.0, 80.0), 0.8, 0.5)
    sighting = Sighting(
        key.sighting_id(), key, Kind.PERSON, community, at_ms, at_ms + 5000, shot, (768, 576), 25, attributes=looks
    )
    return Record(sighting, MeanColour().embed([crop]).vectors[0], SPACE, cv2.imencode(".jpg", crop)[1].tobytes())


class Full(InMemoryArchive):
    """An archive whose disk is full when `full` is set."""

    full = False

    def record_search(self, entry: Any) -> None:
        if self.full:
            raise ArchiveFull("no room left: free some")
        super().record_search(entry)


def small_archive() -> Full:
    """Two people at the north gate at noon, one at the south gate an hour later."""
    made = Full()
    made.append(
        [
            record("north", 1, RED, NOON_MS, upper_colour="red", lower_colour="black"),
            record("north", 2, GREEN, NOON_MS + 60_000, upper_colour="green"),
            record("south", 1, (40, 60, 200), NOON_MS + 3_600_000, "maple"),
        ]
    )
    return made


PLACES = {"north": Position(120.90, 30.842), "south": Position(120.902, 30.838), "market": Position(120.908, 30.840)}


def service_over(archive: InMemoryArchive) -> SearchService:
    """A service whose clock stands two hours after noon; the north gate is live, the south gate only remembered.

    On the map a market lies some 600 m from both.
    """
    cameras = [Report(Camera("north", "x", "willow", "n", "North gate"), State(Status.LIVE))]
    return SearchService(
        archive,
        Rectangles,  # type: ignore[arg-type]
        lambda _: MeanColour(),  # type: ignore[arg-type, return-value]
        lambda: cameras,  # type: ignore[arg-type, return-value]
        lambda: NOON_MS + 7_200_000,
        site=SiteMap(
            CameraGraph.of(tuple(PLACES), PLACES, ()),
            names={"north": "North gate"},
            community_names={"willow": "Willow Garden"},
        ),
    )


def assert_problem(reply: httpx.Response, status: int, slug: str, said: str = "") -> None:
    """Assert that a reply is an RFC 9457 problem whose one sentence says `said`."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json()
    assert body["type"] == f"urn:zhian:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert said in body["detail"]
    assert "Traceback" not in reply.text
    assert "\n" not in body["detail"]
