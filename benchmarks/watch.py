"""Watches on people who come back, through the real pipeline, at a budget of one false alert an hour.

PETS09-S2L1 is analysed once; its tracklets are told apart by the ground truth. Two questions, each person by herself:
`return`: the photo is of the first stay, the watch is made when that is over, the clip goes on (A to G come back);
`next_day`: the photo is of one day, the watch looks at the next (all ten, J among them: he stays but once a day; both
days are the same clip, so this one is easy). Then the time from a stored sighting to its durable alert, with 1,000
watches. Writes results/watch.json. `--mirror` measures with the fetched networks as well.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.evaluation_set import SHARED, mirrored_store, write_result
from camera_adapters.file import FileAdapter
from camera_adapters.site import Camera
from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from models.store import ModelStore
from pipeline.alerter import Alerter
from pipeline.alerting.alert import Alert
from pipeline.alerting.budget import Evidence
from pipeline.alerting.database import open_database
from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.watches import Lookout, Target, Watch, WatchBook
from pipeline.alerting.watches.evidence import archive_scores, calibrated
from pipeline.alerting.watches.lookout import rates
from pipeline.alerting.watches.watch import DAY_MS
from pipeline.analysis.analyser import Analyser
from pipeline.analysis.describe import Describer
from pipeline.analysis.detecting import frame_request
from pipeline.analysis.tracklet import Tracklet
from pipeline.archive import InMemoryArchive, SightingFilter, open_archive
from pipeline.assembly import Networks, load_networks
from pipeline.settings import AnalysisSettings, ModelSettings
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

CLIP = SHARED / "data" / "mot" / "PETS09-S2L1" / "vtest.avi"
CROPS = SHARED / "data" / "reid" / "pets_reentry_reid"
START_MS = 1_777_608_000_000
MS_A_FRAME = 100  # the container says 10 fps
AN_HOUR = 24.0  # budget a day that is one an hour
SAME_BOX_IOU = 0.4
WATCHES, TURNS, PAST = 1_000, 300, 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A record as the pipeline told it, when (frame, from 1), and whom its shots show."""

    frame: int
    record: Record
    person: str


def main(argv: list[str]) -> int:
    """Run; fails when a watch of J does not fire exactly once, on him."""
    result: dict[str, object] = {"budget_per_day": AN_HOUR, "bundled": _measure(load_networks())}
    if "--mirror" in argv:
        with tempfile.TemporaryDirectory() as home:
            store: ModelStore = mirrored_store(Path(home))
            fetched = ModelSettings(detector="omz2002", person_embedder="omz0277")
            result["omz2002 + omz0277"] = _measure(load_networks(fetched, store))
    result["latency"] = _latency()
    write_result("watch", result)
    print(json.dumps(result, indent=1))
    bundled = result["bundled"]
    assert isinstance(bundled, dict)
    return 0 if bundled["next_day"]["of"]["J"] == {"true": 1, "false": 0} else 1


def _measure(networks: Networks) -> dict[str, object]:
    labels = json.loads((CROPS / "labels.json").read_text("utf-8"))
    seen = _analysed(networks, labels)
    embedder = networks.embedders[Kind.PERSON]

    def photos(person: str, track: int, count: int) -> Embeddings:
        """Describe pictures of one stay, from its middle or spread over it."""
        crops = sorted((c["frame"], c["file"]) for c in labels["crops"] if (c["person"], c["track"]) == (person, track))
        places = np.linspace(0, len(crops) - 1, count + 2).round().astype(int)[1:-1]
        return embedder.embed([cv2.imread(str(CROPS / crops[place][1])) for place in dict.fromkeys(places)])

    returning, three_photos, next_day = {}, {}, {}
    for person, known in labels["persons"].items():
        spans = sorted((span, int(track)) for track, span in known["spans"].items())
        (_, over), first = spans[0]
        if len(spans) > 1:
            returning[person] = _score(seen, seen, photos(person, first, 1), person, over)
            three_photos[person] = _score(seen, seen, photos(person, first, 3), person, over)
        tomorrow = [_later(one) for one in seen]
        next_day[person] = _score(seen, tomorrow, photos(person, first, 1), person, None)
    return {
        "sightings": len({one.record.sighting.id for one in seen}),
        "return": _table(returning),
        "return_three_photos": _table(three_photos),
        "next_day": _table(next_day),
    }


def _table(found: dict[str, dict[str, object]]) -> dict[str, object]:
    of = {person: {"true": each["true"], "false": each["false"]} for person, each in found.items()}
    thresholds = {person: each["threshold"] for person, each in found.items()}
    counts = [Counter(each) for each in of.values()]
    return {
        "people": len(of),
        "fired_once_on_the_right_one": sum(each == {"true": 1, "false": 0} for each in of.values()),
        "missed": sum(each["true"] == 0 for each in counts),
        "false_alerts": sum(each["false"] for each in counts),
        "of": of,
        "thresholds": thresholds,
    }


def _score(
    before: Sequence[Seen], after: Sequence[Seen], photo: Embeddings, person: str, over: int | None
) -> dict[str, object]:
    """Replay: what was told up to the frame `over` (None: all of it) lies in the archive, the rest comes later."""
    archive, told = InMemoryArchive(), list[Alert]()
    who = {one.record.sighting.id: one.person for one in (*before, *after)}
    now_ms = START_MS
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(Path(folder) / "alerting.sqlite")
        book = WatchBook(engine)
        lookout = Lookout(archive, book, told.extend, wall_ms=lambda: now_ms)
        for one in before:
            if over is None or one.frame <= over:
                archive.append([one.record])
                now_ms = one.record.sighting.last_seen_ms
        lookout.catch_up()
        target = Target(SightingFilter(kind=Kind.PERSON), photo)
        watch = Watch(person, person, target, "benchmark", "benchmark", now_ms, now_ms + 9 * DAY_MS, AN_HOUR)
        book.add(watch, [b"-"] * len(photo))
        per_day, past = rates(archive, watch, {}, now_ms), archive_scores(archive, target, now_ms)
        threshold = round(calibrated(AN_HOUR, target, Evidence(past, per_day=per_day)).everywhere, 3)
        for one in after:
            if over is None or one.frame > over:
                archive.append([one.record])
                now_ms = one.record.sighting.last_seen_ms
                lookout.catch_up()
        engine.dispose()
    right = [who[alert.sighting_id] == person for alert in told]
    return {"true": sum(right), "false": len(right) - sum(right), "threshold": threshold}


def _analysed(networks: Networks, labels: dict[str, dict[str, dict[str, dict[str, list[int]]]]]) -> list[Seen]:
    truth = np.loadtxt(CLIP.parent / "gt" / "gt.txt", delimiter=",")
    person_of = {int(track): person for person, known in labels["persons"].items() for track in known["spans"]}
    camera = Camera("gate", str(CLIP), "park", pace="fast", start_ms=START_MS, analysis_fps=10)
    analyser = Analyser([camera], networks.detector, AnalysisSettings())
    describer = Describer(networks.embedders, networks.attributes)
    found: list[Seen] = []

    def take(tracklets: Sequence[Tracklet], frame: int) -> None:
        records = describer.describe(tracklets) if tracklets else []
        for tracklet, record in zip(tracklets, records, strict=True):
            if record.sighting.kind is Kind.PERSON:
                found.append(Seen(frame, record, _whom(tracklet, truth, person_of)))

    for frame in FileAdapter().frames(camera, frame_request(networks.detector)):
        take(analyser.analyse([frame]), frame.seq + 1)
    take(analyser.following.finish(), 795)
    return found


def _whom(tracklet: Tracklet, truth: np.ndarray, person_of: dict[int, str]) -> str:
    """Return the person most shots show by the ground truth, "?" when there is none."""
    votes: Counter[str] = Counter()
    for shot in tracklet.shots:
        rows = truth[truth[:, 0] == round((shot.captured_at_ms - START_MS) / MS_A_FRAME) + 1]
        box = np.array(shot.xyxy)
        low, high = np.maximum(rows[:, 2:4], box[:2]), np.minimum(rows[:, 2:4] + rows[:, 4:6], box[2:])
        shared = (high - low).clip(0).prod(axis=1)
        overlap = shared / (rows[:, 4:6].prod(axis=1) + np.prod(box[2:] - box[:2]) - shared)
        if len(rows) and overlap.max() >= SAME_BOX_IOU:
            votes[person_of.get(int(rows[int(overlap.argmax()), 1]), "?")] += 1
    return votes.most_common(1)[0][0] if votes else "?"


def _later(one: Seen) -> Seen:
    """Return the same tracklet a day later."""
    old = one.record.sighting
    key = replace(old.key, session="next day")
    shot = replace(old.shot, captured_at_ms=old.shot.captured_at_ms + DAY_MS)
    first, last = old.first_seen_ms + DAY_MS, old.last_seen_ms + DAY_MS
    moved = replace(old, id=key.sighting_id(), key=key, first_seen_ms=first, last_seen_ms=last, shot=shot)
    return replace(one, record=replace(one.record, sighting=moved))


def _latency() -> dict[str, object]:
    """Append to a durable archive beside 1,000 watches; every fifth sighting is looked for."""
    rng, space = np.random.default_rng(5), EmbeddingSpace("person_small", "made-up", 256)
    looked_for = _units(rng.normal(size=(WATCHES, 256)))
    waits: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(Path(folder) / "alerting.sqlite")
        book, desk, arrived = WatchBook(engine), IncidentDesk(engine), dict[str, float]()

        def take(alerts: Sequence[Alert]) -> None:
            desk.take(alerts)
            arrived.update((alert.sighting_id, time.monotonic()) for alert in alerts)

        with open_archive(Path(folder) / "archive", writable=True) as archive:
            for number, vector in enumerate(looked_for):
                target = Target(SightingFilter(kind=Kind.PERSON), Embeddings(vector[None], space))
                name = f"w{number}"
                book.add(Watch(name, name, target, "benchmark", "benchmark", 0, 1 << 52, 1.0), [b"-"])
            archive.append([_made_up(-n, v, space) for n, v in enumerate(_units(rng.normal(size=(PAST, 256))), 1)])
            lookout = Lookout(archive, book, take)
            alerter, began = Alerter(take, [lookout]), time.monotonic()
            alerter.start()
            until = time.monotonic() + 120
            alerter.stored()
            while (lookout.uncalibrated or not lookout.standing) and time.monotonic() < until:
                time.sleep(0.1)
            ready_s = time.monotonic() - began
            for turn in range(1, TURNS + 1):
                sought = turn % 5 == 0
                vector = looked_for[turn] if sought else _units(rng.normal(size=(1, 256)))[0]
                record = _made_up(turn, vector, space)
                archive.append([record])
                stored = time.monotonic()
                alerter.stored()
                time.sleep(0.05)
                if sought:
                    until = stored + 5
                    while record.sighting.id not in arrived and time.monotonic() < until:
                        time.sleep(0.005)
                    waits.append(arrived.get(record.sighting.id, float("inf")) - stored)
            alerter.stop()
        engine.dispose()
    arrived_ms = [1000 * wait for wait in waits if np.isfinite(wait)]
    p50, p95 = np.percentile(arrived_ms or [0.0], (50, 95))
    counts = {"watches": WATCHES, "past_sightings": PAST, "calibrated_after_s": round(ready_s, 1), "alerts": len(waits)}
    return {
        **counts,
        "lost": int(sum(map(np.isinf, waits))),
        "p50_ms": round(float(p50), 1),
        "p95_ms": round(float(p95), 1),
    }


def _units(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _made_up(track: int, vector: np.ndarray, space: EmbeddingSpace) -> Record:
    key, at_ms = TrackletKey("gate", "made up", track), time.time_ns() // 1_000_000
    shot = Shot(at_ms, (0.0, 0.0, 20.0, 50.0), 0.8, 0.5)
    sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "park", at_ms - 500, at_ms, shot, (768, 576), 12)
    return Record(sighting, vector, space, b"jpeg")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
