"""Who is meant in a photo: everyone of the kind in it, and the one that is to be found again."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import iou
from models.detections import Detections
from models.kinds import Kind
from pipeline.errors import NobodyFound, SeveralFound
from pipeline.sighting import Box

Image = NDArray[np.uint8]

MIN_SCORE = 0.3
MIN_SIDE_PX = 12.0
MOST_OF_PHOTO = 0.55  # measured on 301 tight crops: the one meant covers .55 to .95, anybody else less
BORDER = 0.5  # of the photo's longer side, on each side of it
BORDER_GREY = 114
FRAMED_SIDE_PX = 1024  # longer side of a photo before it gets its border; no detector looks closer
SAME_BOX_IOU = 0.3

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


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo, uint8 (h, w, 3) BGR, and where in it the one meant is (xyxy, its pixels); None: it shows only one."""

    image: Image
    box: Box | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """The one meant in a photo: `box` (xyxy, its pixels), its crop, and everyone of the kind that the photo shows."""

    box: Box
    crop: Image
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


def subject_of(photo: Photo, kind: Kind, detector: Detector) -> Subject:
    """Return the one meant in a photo; raises NobodyFound, and SeveralFound when nothing says which one."""
    box, detections = _choose(photo.image, kind, detector, photo.box)
    left, top, right, bottom = _pixels(box, photo.image)
    return Subject(box, np.ascontiguousarray(photo.image[top:bottom, left:right]), detections)


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
