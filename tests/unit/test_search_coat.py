"""Another coat: what the question becomes, and that it looks past the coat."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from models.pictures import encode_jpeg
from pipeline.archive import InMemoryArchive, SightingFilter
from pipeline.errors import BadCoat
from pipeline.search import Eyes, Photo, Question, answer
from pipeline.search.coat import DYES, HEIGHT, WIDTH, coatless, recoated
from pipeline.sighting import Record, Shot, Sighting, TrackletKey
from pipeline.words import parse

SPACE = EmbeddingSpace("person_small", "d73f2179-fp32", 6)
RED, BLUE, GREEN, BLACK = (30, 30, 200), (200, 60, 30), (40, 160, 40), (20, 20, 20)


def dressed(
    coat: tuple[int, int, int], trousers: tuple[int, int, int], size: tuple[int, int] = (96, 192)
) -> np.ndarray:
    width, height = size
    picture = np.full((height, width, 3), 128, np.uint8)
    left, right = width // 5, width - width // 5
    picture[height // 6 : height // 2, left:right] = coat
    picture[height // 2 :, left:right] = trousers
    return picture


class MeanColours:
    """The vector of a crop: how far the mean colours of its upper half, twice, and of its lower half are from grey."""

    space = SPACE

    def embed(self, crops: Sequence[np.ndarray]) -> Embeddings:
        rows = []
        for crop in crops:
            half = crop.shape[0] // 2
            middle = crop[:, crop.shape[1] // 3 : -crop.shape[1] // 3].astype(np.float32) - 128
            rows.append(np.concatenate([2 * middle[:half].mean(axis=(0, 1)), middle[half:].mean(axis=(0, 1))]))
        vectors = np.array(rows, np.float32)
        return Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), SPACE)


def nobody() -> object:
    raise AssertionError("a sighting needs no detector")


EYES = Eyes(nobody, lambda _: MeanColours())  # type: ignore[arg-type, return-value]


def test_every_coat_is_another_and_the_rest_stays() -> None:
    crop = dressed(RED, BLUE, (60, 140))
    pictures = recoated(crop)
    assert len(pictures) == len(DYES) + 1
    assert {each.shape for each in pictures} == {(HEIGHT, WIDTH, 3)}
    same = np.asarray(cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)).astype(int)
    for each in pictures:
        assert np.abs(each[HEIGHT * 6 // 10 :].astype(int) - same[HEIGHT * 6 // 10 :]).max() <= 2
    coats = np.array([each[HEIGHT // 4 : HEIGHT // 3, WIDTH // 3 : WIDTH // 2].mean(axis=(0, 1)) for each in pictures])
    apart = np.linalg.norm(coats[:, None] - coats, axis=2)[~np.eye(len(coats), dtype=bool)]
    assert apart.min() > 5
    np.testing.assert_allclose(coats[-1], 128, atol=2)


def test_the_coat_has_little_say() -> None:
    embedder = MeanColours()
    asked = coatless([dressed(RED, BLUE)], embedder)
    assert np.linalg.norm(asked) == pytest.approx(1)
    gallery = embedder.embed([dressed(BLACK, BLUE), dressed(RED, GREEN)]).vectors
    plain = embedder.embed([dressed(RED, BLUE)]).vectors
    assert (plain @ gallery.T).argmax() == 1, "with the coat, whoever wears it wins"
    assert (asked @ gallery.T).argmax() == 0
    assert coatless([], embedder).shape == (0,) or coatless([], embedder).size == 0


def record(name: str, picture: np.ndarray, kind: Kind = Kind.PERSON) -> Record:
    shot = Shot(0, (0.0, 0.0, 1.0, 1.0), 0.5, 0.5)
    sighting = Sighting(name, TrackletKey("c", "s", 1), kind, "", 0, 1, shot, (10, 10), 1)
    return Record(sighting, MeanColours().embed([picture]).vectors[0], SPACE, encode_jpeg(picture, 95))


def test_more_like_a_sighting_in_another_coat() -> None:
    archive = InMemoryArchive()
    pictures = {"she": dressed(RED, BLUE), "other-coat": dressed(BLACK, BLUE), "her-coat": dressed(RED, GREEN)}
    archive.append([record(name, picture) for name, picture in pictures.items()])
    for changed, first in ((False, "her-coat"), (True, "other-coat")):
        question = Question(sighting_id="she", coat_may_have_changed=changed, grouped=False)
        groups = answer(archive, question, EYES).groups
        assert groups[0].hit.sighting.id == first
        assert (groups[0].confidence is None) == changed, "nobody measured what a likeness is worth then"


def test_only_a_persons_coat_can_have_changed() -> None:
    archive = InMemoryArchive()
    archive.append([record("car", dressed(RED, BLUE), Kind.MOTOR_VEHICLE)])
    with pytest.raises(BadCoat, match="only a person's coat"):
        answer(archive, Question(sighting_id="car", coat_may_have_changed=True), EYES)
    where = SightingFilter(kind=Kind.MOTOR_VEHICLE)
    with pytest.raises(BadCoat):
        answer(archive, Question(where, photos=(Photo(dressed(RED, BLUE)),), coat_may_have_changed=True), EYES)
    words = parse("red coat", now_ms=0, zone=None, places=())  # type: ignore[arg-type]
    with pytest.raises(BadCoat):
        answer(archive, Question(words=words, coat_may_have_changed=True), EYES)
