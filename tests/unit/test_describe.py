"""From tracklets to records: pooling by quality, kinds apart, pictures that decode."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from models.attributes import UNKNOWN, Attribute
from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.analysis.describe import Describer
from pipeline.analysis.shots import Candidate
from pipeline.analysis.tracklet import Tracklet
from pipeline.sighting import TrackletKey


class MeanColour:
    """Embeds a crop as the direction of its mean colour, so that the right answer can be computed by hand."""

    def __init__(self, name: str) -> None:
        self.space = EmbeddingSpace(name, "1", 3)

    def embed(self, crops: Sequence[np.ndarray]) -> Embeddings:
        means = np.array([crop.reshape(-1, 3).mean(axis=0) for crop in crops], np.float32)
        return Embeddings(means / np.linalg.norm(means, axis=1, keepdims=True), self.space)


class Colour:
    def __init__(self) -> None:
        self.asked: list[tuple[int, list[float]]] = []

    def read(
        self, shots: Sequence[Sequence[np.ndarray]], weights: Sequence[Sequence[float]]
    ) -> list[dict[str, Attribute]]:
        self.asked += [(len(group), list(weight)) for group, weight in zip(shots, weights, strict=True)]
        return [{"colour": Attribute("red", 0.87654), "type": Attribute(UNKNOWN, 0.0)} for _ in shots]


def shot(colour: tuple[int, int, int], quality: float, rows: int = 20) -> Candidate:
    crop = np.full((rows, 10, 3), colour, np.uint8)
    return Candidate(1500, (10, 10, 20, 30), 0.9, quality, quality, crop)


def tracklet(kind: Kind, track_id: int, *shots: Candidate) -> Tracklet:
    key = TrackletKey("gate", "s", track_id)
    return Tracklet(key, kind, "梅园", (100, 100), 1000, 2000, 7, 2, True, shots)


def test_pooled_vector_is_the_quality_weighted_mean_of_length_one() -> None:
    describer = Describer({Kind.PERSON: MeanColour("p")})
    (record,) = describer.describe([tracklet(Kind.PERSON, 1, shot((255, 0, 0), 0.6), shot((0, 255, 0), 0.2))])
    assert record.vector == pytest.approx(np.array([0.6, 0.2, 0]) / np.hypot(0.6, 0.2), abs=1e-6)
    assert record.sighting.revision == 2
    assert record.sighting.open
    assert record.sighting.shot.quality == 0.6


def test_each_kind_has_its_space_and_only_vehicles_have_colour() -> None:
    embedders = {Kind.PERSON: MeanColour("p"), Kind.MOTOR_VEHICLE: MeanColour("v")}
    describer = Describer(embedders, {Kind.MOTOR_VEHICLE: Colour()})
    car, person = describer.describe(
        [tracklet(Kind.MOTOR_VEHICLE, 1, shot((9, 0, 0), 1)), tracklet(Kind.PERSON, 2, shot((9, 0, 0), 1))]
    )
    assert (car.space.name, person.space.name) == ("v", "p")
    assert (car.sighting.attributes, person.sighting.attributes) == ({"colour": "red"}, {})
    assert (car.sighting.attribute_confidence, person.sighting.attribute_confidence) == ({"colour": 0.877}, {})


def test_every_shot_is_read_and_counts_with_its_quality() -> None:
    colour = Colour()
    describer = Describer({Kind.PERSON: MeanColour("p")}, {Kind.PERSON: colour})
    describer.describe([tracklet(Kind.PERSON, 1, shot((9, 0, 0), 0.6), shot((0, 9, 0), 0.2))])
    assert colour.asked == [(2, [0.6, 0.2])]


def test_picture_is_a_jpeg_no_taller_than_needed() -> None:
    (record,) = Describer({Kind.PERSON: MeanColour("p")}).describe(
        [tracklet(Kind.PERSON, 1, shot((200, 100, 50), 1, rows=800))]
    )
    picture = cv2.imdecode(np.frombuffer(record.picture, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (384, 5, 3)
