"""A process that stores sightings and looks out for one in five of them, until it is killed."""

import sys
import time
from pathlib import Path

import numpy as np

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.alerter import Alerter
from pipeline.alerting.database import open_database
from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.watches import Lookout, Target, Watch, WatchBook
from pipeline.archive import SightingFilter, open_archive
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SPACE = EmbeddingSpace("person_small", "made-up", 16)
START_MS = 1_777_608_000_000
SOUGHT_EVERY = 5


def key_of(number: int) -> TrackletKey:
    """Every sighting is at a camera of its own, so that each one sought is an alert."""
    return TrackletKey(f"camera-{number}", "s", number)


def record_of(number: int) -> Record:
    vector = np.zeros(16, np.float32)
    vector[0 if number % SOUGHT_EVERY == 0 else 1 + number % 15] = 1
    at_ms = START_MS + 1000 * number
    key, shot = key_of(number), Shot(at_ms, (0.0, 0.0, 20.0, 50.0), 0.8, 0.5)
    sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "park", at_ms, at_ms + 500, shot, (768, 576), 12)
    return Record(sighting, vector, SPACE, b"jpeg")


def main(folder: Path, first: int) -> None:
    engine = open_database(folder / "alerting.sqlite")
    book, desk = WatchBook(engine), IncidentDesk(engine)
    if not book.all():
        target = Target(SightingFilter(kind=Kind.PERSON), Embeddings(np.eye(16, dtype=np.float32)[:1], SPACE))
        book.add(Watch("w", "w", target, "test", "test", 0, 1 << 52), [b"crop"])
    with open_archive(folder / "store", writable=True) as archive:
        alerter = Alerter(desk.take, [Lookout(archive, book, desk.take)])
        alerter.start()
        for number in range(first, 1 << 40):
            archive.append([record_of(number)])
            alerter.stored()
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            time.sleep(0.002)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
