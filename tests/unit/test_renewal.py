"""Another embedder: photos of watches and residents are described again, and found again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.embeddings import Embeddings, EmbeddingSpace
from models.pictures import encode_jpeg
from pipeline.alerting.care import CareRegister, Companion, Consent, Resident
from pipeline.alerting.database import open_database
from pipeline.alerting.renewal import renew_residents, renew_watches
from pipeline.alerting.watches import Target, Watch, WatchBook
from pipeline.archive import SightingFilter

OLD, NEW = EmbeddingSpace("old", "1-fp32", 3), EmbeddingSpace("mean_colour", "1-fp32", 3)
RED, GREEN = (30, 30, 220), (30, 200, 30)
VECTOR = Embeddings(np.eye(3, dtype=np.float32)[:1], OLD)


class MeanColour:
    space = NEW

    def embed(self, crops: Sequence[np.ndarray]) -> Embeddings:
        means = np.array([crop.reshape(-1, 3).mean(axis=0) for crop in crops], np.float32)
        return Embeddings(means / np.linalg.norm(means, axis=1, keepdims=True), NEW)


def jpeg(colour: tuple[int, int, int]) -> bytes:
    return encode_jpeg(np.full((60, 30, 3), colour, np.uint8))


def unit(colour: tuple[int, int, int]) -> np.ndarray:
    return np.array(colour, np.float32) / np.linalg.norm(colour)


def test_photos_are_described_anew_once(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "alerting.sqlite")
    book, register = WatchBook(engine), CareRegister(engine)
    for name, crop in (("seen", jpeg(RED)), ("damaged", b"no picture")):
        book.add(Watch(name, name, Target(SightingFilter(), VECTOR), "x", "x", 0, 10), [crop])
    consent = Consent("herself", 0, "form")
    person = Resident("r", "her", "g", "willow", ("out",), VECTOR, consent, "x", 0, 10)
    register.enrol(person, [jpeg(RED)])
    register.add_companion("r", Companion("c", "daughter", VECTOR), [jpeg(GREEN)])
    assert renew_watches(book, lambda _: MeanColour(), 5) == 1
    assert renew_residents(register, MeanColour()) == 2
    renewed = book.get("seen").target.vectors
    assert renewed is not None and renewed.space == NEW
    np.testing.assert_allclose(renewed.vectors[0], unit(RED), atol=0.02)
    found = register.get("r")
    assert found.vectors is not None
    np.testing.assert_allclose(found.vectors.vectors[0], unit(RED), atol=0.02)
    np.testing.assert_allclose(found.companions[0].vectors.vectors[0], unit(GREEN), atol=0.02)
    assert (renew_watches(book, lambda _: MeanColour(), 5), renew_residents(register, MeanColour())) == (0, 0)
    assert renew_watches(book, lambda _: MeanColour(), 11) == 0, "what is over is left alone"
    assert book.get("damaged").target.vectors is not None
    engine.dispose()
