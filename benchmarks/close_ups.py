"""Pictures from the main stream while people are followed on the sub-stream: `python -m benchmarks.close_ups`.

PETS in real time as one camera with two streams, 320x240 to be followed on and 768x576, a fifth of a second late, for
pictures; once without and once with close-ups. Says how high the stored pictures of people are, how many show the same
labelled person as most boxes of their track, and what it costs. Writes results/close_ups.json.
"""

import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from benchmarks.evaluation_set import SHARED, write_result
from benchmarks.gate_footage import FPS, PETS, PETS_FPS, encode, pictures
from benchmarks.mot_metrics import iou, read_mot
from camera_adapters.frame import Frame
from camera_adapters.stream_state import Status
from pipeline.analysis.tracking import Tracks
from pipeline.archive import InMemoryArchive, SightingFilter
from pipeline.assembly import Networks, load_networks
from pipeline.settings import Settings
from pipeline.worker import Listeners, Worker

SECONDS, LAG_S = 60.0, 0.2
SUB, MAIN, LABELLED = (320, 240), (768, 576), (768, 576)
NOON_MS = 1777608000000
TRUTH = read_mot(SHARED / "data" / "mot" / "PETS09-S2L1" / "gt" / "gt.txt")


def film(path: Path, shown: list[np.ndarray], size: tuple[int, int], lag_s: float) -> Path:
    """Write the film; a stream with a lag shows at any time what the other showed before."""
    at = (max(0.0, n / FPS - lag_s) for n in range(round(SECONDS * FPS)))
    return encode(path, (shown[int(s * PETS_FPS)] for s in at), size, 4_000_000 if size == MAIN else 500_000)


def person_at(captured_ms: int, xyxy: tuple[float, ...] | np.ndarray, lag_s: float = 0.0) -> int | None:
    """The labelled person whose box lies best on this one, in pixels of the sub-stream; None: nobody's does."""
    number = int(max(0.0, (captured_ms - NOON_MS) / 1000 - lag_s) * PETS_FPS) + 1
    rows = TRUTH[TRUTH[:, 0] == number]
    if not len(rows):
        return None
    scale = np.array([LABELLED[0] / SUB[0], LABELLED[1] / SUB[1]] * 2)
    left, top, right, bottom = np.asarray(xyxy) * scale
    fit = iou(np.array([[left, top, right - left, bottom - top]]), rows[:, 2:6])[0]
    return int(rows[fit.argmax(), 1]) if fit.max() >= 0.3 else None


def run(sub: Path, main: Path, networks: Networks, *, close_ups: bool) -> dict[str, object]:
    seen: dict[int, Counter[int | None]] = defaultdict(Counter)

    def observe(frame: Frame, tracks: Tracks) -> None:
        for track_id, box in zip(tracks.track_id.tolist(), tracks.xyxy, strict=True):
            seen[track_id][person_at(frame.captured_at_ms, box)] += 1

    camera = {"id": "gate", "source": str(main), "substream": str(sub), "start": "2026-05-01T12:00:00+08:00"}
    analysis = {"close_ups": close_ups, "min_height_px": 16}
    settings = Settings.model_validate({"cameras": [camera], "archive": {"path": "unused"}, "analysis": analysis})
    archive = InMemoryArchive()
    worker = Worker(settings, archive, networks, listeners=Listeners(tracks=observe))
    began, cpu = time.monotonic(), time.process_time()
    worker.start()
    while worker.camera_reports()[0].state.status is not Status.STOPPED:
        time.sleep(0.2)
    cores = (time.process_time() - cpu) / (time.monotonic() - began)
    (report,) = worker.camera_reports()
    worker.stop()
    heights, closer, right, wrong = [], 0, 0, 0
    for sighting in archive.find(SightingFilter(), limit=1000):
        shown = cv2.imdecode(np.frombuffer(archive.picture(sighting.id), np.uint8), cv2.IMREAD_COLOR)
        heights.append(shown.shape[0])
        is_main = shown.shape[0] > 1.5 * (sighting.shot.xyxy[3] - sighting.shot.xyxy[1])
        closer += is_main
        whom = person_at(sighting.shot.captured_at_ms, sighting.shot.xyxy, LAG_S if is_main else 0.0)
        known = [person for person, _ in seen[sighting.key.track_id].most_common() if person is not None]
        if whom is not None and known:
            right, wrong = right + (whom == known[0]), wrong + (whom != known[0])
    return {
        "sightings": len(heights),
        "median_height_px": median(heights),
        "from_main_stream": closer,
        "shows_the_followed": right,
        "shows_somebody_else": wrong,
        "cores": round(cores, 3),
        "analysed": report.analysed,
        "dropped": report.dropped,
        "cpu_s": {stage: round(seconds, 2) for stage, seconds in worker.stages.totals().items()},
    }


def main(_: list[str]) -> int:
    shown = pictures(PETS)
    networks = load_networks()
    networks.prepare(8)
    with tempfile.TemporaryDirectory() as made:
        sub = film(Path(made) / "sub.mp4", shown, SUB, 0.0)
        whole = film(Path(made) / "main.mp4", shown, MAIN, LAG_S)
        result = {name: run(sub, whole, networks, close_ups=name == "with") for name in ("without", "with")}
    print(json.dumps(result, indent=1))
    write_result("close_ups", dict(result))
    before, after = result["without"], result["with"]
    better = float(str(after["median_height_px"])) >= 2 * float(str(before["median_height_px"]))
    return 0 if better and after["shows_somebody_else"] <= before["shows_somebody_else"] else 1  # type: ignore[operator]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
