"""Looking for somebody: from a photo or a sighting to ranked hits. What command line and HTTP API have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import iou
from models.detections import Detections
from models.embeddings import Embeddings, EmbeddingSpace
from models.errors import SpaceMismatch
from models.kinds import Kind
from pipeline.archive.contract import Archive, Hit, Query, SightingFilter
from pipeline.archive.looks import UNSEEN_SCORE, Looks, judged, look_score
from pipeline.errors import BadTimeRange, NobodyFound, NothingAsked, SeveralFound, UnknownCamera
from pipeline.sighting import Box
from pipeline.words import Parse

Image = NDArray[np.uint8]

MIN_SCORE = 0.3
MIN_SIDE_PX = 12.0
MOST_OF_PHOTO = 0.55  # measured on 301 tight crops: the one meant covers .55 to .95, anybody else less
BORDER = 0.5  # of the photo's longer side, on each side of it
BORDER_GREY = 114
FRAMED_SIDE_PX = 1024  # longer side of a photo before it gets its border; no detector looks closer
SAME_BOX_IOU = 0.3
NO_LOOKS = Looks()
LOOKS_WEIGHT = 0.2  # in cosines: as much as lies between the same person seen well and seen badly
LOOKED_AT, LEAST_LOOKED_AT = 5, 100  # hits by photo whose looks are compared, per asked hit and at least

WORDS = {Kind.PERSON: "person", Kind.MOTOR_VEHICLE: "motor vehicle", Kind.NON_MOTOR_VEHICLE: "non-motor vehicle"}


class Detector(Protocol):
    """What a search needs of `models.detector.Detector`."""

    def detect(
        self,
        images: Sequence[Image],
        source_sizes: Sequence[tuple[int, int]] | None = None,
        *,
        min_score: float = ...,
    ) -> list[Detections]:
        """Return the detections of each picture, in its own pixels."""
        ...


class Embedder(Protocol):
    """What a search needs of `models.embedder.Embedder`."""

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""
        ...

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Return one vector per crop."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PhotoSearch:
    """`hits` for what is in `box` (xyxy, pixels of the photo); `detections` is everyone of the kind in the photo."""

    hits: list[Hit]
    box: Box
    detections: Detections


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The one a photo shows: `vectors` (1, d), `crop` uint8 (h, w, 3) BGR, in `box`; `detections` is everyone."""

    vectors: Embeddings
    crop: Image
    box: Box
    detections: Detections


def people_in(photo: Image, kind: Kind, detector: Detector) -> Detections:
    """Return those of one kind in a photo (uint8 (h, w, 3) BGR), best first; raises NobodyFound.

    One that covers most of the photo is its subject, and nobody else in it counts. A tight crop leaves a detector
    without surroundings, so a photo in which it finds nothing is shown to it a second time with a grey border.
    """
    found = _subject(_detect(photo, kind, detector), photo)
    if len(found) == 0:
        found = _subject(_with_border(photo, kind, detector), photo)
    if len(found) == 0:
        raise NobodyFound(
            f"no {WORDS[kind]} found in the photo: send one that shows it whole, sharp and larger than "
            f"{MIN_SIDE_PX:.0f} pixels, or give its box"
        )
    return found


def search_by_photo(
    archive: Archive,
    photo: Image,
    *,
    kind: Kind,
    detector: Detector,
    embedder: Embedder,
    where: SightingFilter,
    top: int,
    box: Box | None = None,
    looks: Looks = NO_LOOKS,
) -> PhotoSearch:
    """Search for the one in a photo (uint8 (h, w, 3) BGR); with several in it, `box` (xyxy, its pixels) picks one.

    With `looks` more hits than asked are taken and put in order by both.

    Raises SpaceMismatch when the archive was made with another model, NobodyFound, SeveralFound.
    """
    check_space(archive, kind, embedder.space)
    shown = described(photo, kind, detector, embedder, box)
    taken = max(LOOKED_AT * top, LEAST_LOOKED_AT) if looks else top
    hits = archive.search(Query(shown.vectors, replace(where, kind=kind), taken))
    return PhotoSearch(reranked(hits, looks, top) if looks else hits, shown.box, shown.detections)


def described(photo: Image, kind: Kind, detector: Detector, embedder: Embedder, box: Box | None = None) -> Shown:
    """Describe the one of a kind in a photo (uint8 (h, w, 3) BGR); with several in it, `box` picks one.

    Raises NobodyFound, SeveralFound.
    """
    chosen, detections = _choose(photo, kind, detector, box)
    left, top, right, bottom = _pixels(chosen, photo)
    crop = np.ascontiguousarray(photo[top:bottom, left:right])
    return Shown(embedder.embed([crop]), crop, chosen, detections)


def search_by_sighting(archive: Archive, sighting_id: str, where: SightingFilter, top: int) -> list[Hit]:
    """Search for more like a stored sighting, itself left out; raises UnknownSighting."""
    kind = where.kind or archive.get(sighting_id).kind
    query = Query(archive.vector(sighting_id), replace(where, kind=kind), top, frozenset({sighting_id}))
    return archive.search(query)


def search_by_words(archive: Archive, words: Parse, where: SightingFilter, top: int) -> list[Hit]:
    """Search for those who look as described, in a filter that the words narrow; raises NothingAsked."""
    looks = Looks(words.wanted, words.without)
    if not looks:
        raise NothingAsked
    return archive.search_looks(looks, narrowed(where, words), top=top)


def narrowed(where: SightingFilter, words: Parse) -> SightingFilter:
    """Return the filter with what the words say of kind, time and place, where it says nothing itself."""
    said = words.where
    return SightingFilter(
        kind=where.kind or said.kind,
        from_ms=said.from_ms if where.from_ms is None else where.from_ms,
        to_ms=said.to_ms if where.to_ms is None else where.to_ms,
        cameras=where.cameras or said.cameras,
        communities=where.communities or said.communities,
    )


def reranked(hits: Sequence[Hit], looks: Looks, top: int) -> list[Hit]:
    """Return the best of hits by a photo with looks counted in: agreement lifts a hit, disagreement lowers it."""
    scored = [(hit, hit.score + LOOKS_WEIGHT * (look_score(hit.sighting, looks) - UNSEEN_SCORE)) for hit in hits]
    scored.sort(key=lambda pair: (-pair[1], pair[0].sighting.id))
    return [
        Hit(rank, score, hit.sighting, judged(hit.sighting, looks)) for rank, (hit, score) in enumerate(scored[:top], 1)
    ]


def check_filter(where: SightingFilter, known_cameras: Sequence[str]) -> None:
    """Raise UnknownCamera or BadTimeRange for a filter that can match nothing."""
    unknown = [camera for camera in where.cameras if camera not in known_cameras]
    if unknown:
        raise UnknownCamera(unknown, known_cameras)
    if where.from_ms is not None and where.to_ms is not None and where.to_ms <= where.from_ms:
        raise BadTimeRange


def check_space(archive: Archive, kind: Kind, space: EmbeddingSpace) -> None:
    """Raise SpaceMismatch when the archive's sightings of a kind were all described by other models."""
    used = archive.spaces().get(kind, ())
    if used and space not in used:
        raise SpaceMismatch(space, f"this archive, which was made with model {used[0].name} ({used[0]}),")


def embedder_name_for(archive: Archive, kind: Kind) -> str | None:
    """Return the model that described the newest sightings of a kind, or None when there are none."""
    used = archive.spaces().get(kind, ())
    return used[0].name if used else None


def _choose(photo: Image, kind: Kind, detector: Detector, box: Box | None) -> tuple[Box, Detections]:
    if box is None:
        found = people_in(photo, kind, detector)
        if len(found) > 1:
            raise SeveralFound(found)
        return _box_of(found, 0), found
    _pixels(box, photo)  # a box beside the photo is refused before any network runs
    try:
        found = people_in(photo, kind, detector)
    except NobodyFound:
        return box, Detections.empty()
    overlap = iou(np.array([box], np.float32), found.xyxy)[0]
    best = int(np.argmax(overlap))
    return (_box_of(found, best), found) if overlap[best] >= SAME_BOX_IOU else (box, found)


def _detect(photo: Image, kind: Kind, detector: Detector) -> Detections:
    found = detector.detect([photo], min_score=MIN_SCORE)[0].of_kind(kind)
    sides = found.xyxy[:, 2:] - found.xyxy[:, :2]
    return found.select(sides.min(axis=1, initial=np.inf) >= MIN_SIDE_PX)


def _with_border(photo: Image, kind: Kind, detector: Detector) -> Detections:
    """Detect in the photo with a grey border; boxes are in the photo's own pixels and inside it."""
    height, width = photo.shape[:2]
    scale = min(1.0, FRAMED_SIDE_PX / max(height, width))  # a border round a huge photo would double it
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else photo
    border = round(BORDER * max(small.shape))
    framed = cv2.copyMakeBorder(
        small, border, border, border, border, cv2.BORDER_CONSTANT, value=(BORDER_GREY, BORDER_GREY, BORDER_GREY)
    )
    found = _detect(framed, kind, detector)
    limits = np.array([width, height, width, height], np.float32)
    inside = np.clip((found.xyxy - np.float32(border)) / np.float32(scale), 0, limits).astype(np.float32)
    kept = np.all(inside[:, 2:] > inside[:, :2], axis=1)
    return Detections(inside, found.score, found.class_id).select(kept)


def _subject(found: Detections, photo: Image) -> Detections:
    """Return only the one that fills the photo, if there is one, else all."""
    sides = found.xyxy[:, 2:] - found.xyxy[:, :2]
    filling = sides[:, 0] * sides[:, 1] >= MOST_OF_PHOTO * photo.shape[0] * photo.shape[1]
    return found.select(np.flatnonzero(filling)[:1]) if filling.any() else found


def _box_of(found: Detections, index: int) -> Box:
    left, top, right, bottom = (float(value) for value in found.xyxy[index])
    return left, top, right, bottom


def _pixels(box: Box, photo: Image) -> tuple[int, int, int, int]:
    """Return the whole pixels of a box inside the photo; raises NobodyFound when there are none."""
    height, width = photo.shape[:2]
    if not all(map(isfinite, box)):
        raise NobodyFound("the box holds what is no number: give left,top,right,bottom in pixels")
    left, top = max(0, round(box[0])), max(0, round(box[1]))
    right, bottom = min(width, round(box[2])), min(height, round(box[3]))
    if right <= left or bottom <= top:
        raise NobodyFound(f"the box lies outside the photo of {width}x{height} pixels: give left,top,right,bottom")
    return left, top, right, bottom
