"""What rules and camera health cost on the analysis thread: `python -m benchmarks rules_speed`.

20 people walk at random through a picture of 1920 x 1080 under 10 rules of the usual kinds; the sight of a camera and
things left behind are judged on pictures of the demo clip, at the size that is analysed. Milliseconds per analysed
frame at 5 frames a second, median of five runs. Writes results/rules_speed.json.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.evaluation_set import ROOT, write_result
from camera_adapters.file import FileAdapter
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from pipeline.alerting.camera_health.settings import HealthSettings
from pipeline.alerting.camera_health.watch import SightWatch
from pipeline.alerting.rules.book import RuleBook
from pipeline.alerting.rules.rule_file import check_rules
from pipeline.analysis.tracking import Tracks

FPS, FRAMES, RUNS, PEOPLE = 5, 400, 5, 20
CLIP = ROOT.parent / "configs" / "demo" / "gate-noon.mp4"
YARD = [[300, 300], [1600, 300], [1600, 1000], [300, 1000]]
LINE = [[960, 0], [960, 1080]]
RULES = [
    {"name": "cross", "kind": "line_crossing", "line": LINE},
    {"name": "cross 2", "kind": "line_crossing", "line": [[0, 540], [1920, 540]]},
    {"name": "count", "kind": "counting", "line": LINE},
    {"name": "enter", "kind": "intrusion", "zone": YARD},
    {"name": "enter 2", "kind": "intrusion", "zone": YARD, "min_dwell_s": 5},
    {"name": "loiter", "kind": "loitering", "zone": YARD},
    {"name": "crowd", "kind": "crowd", "zone": YARD, "limit": 15},
    {"name": "run", "kind": "running"},
    {"name": "wrong", "kind": "wrong_way", "heading": LINE, "zone": YARD},
    {"name": "fall", "kind": "fall"},
]


def walks() -> list[tuple[Frame, Tracks]]:
    """Frames with no picture to speak of, and 20 people in each."""
    rng = np.random.default_rng(5)
    place, speed = rng.uniform((100, 200), (1800, 1050), (PEOPLE, 2)), rng.normal(0, 25, (PEOPLE, 2))
    picture, ids = np.zeros((36, 64, 3), np.uint8), np.arange(1, PEOPLE + 1)
    shown = []
    for i in range(FRAMES):
        place = place + speed
        speed = np.where((place < (60, 160)) | (place > (1860, 1070)), -speed, speed)
        box = np.concatenate([place - (30, 150), place + np.array((30, 0))], axis=1).astype(np.float32)
        frame = Frame("gate", "s", 5 * i, 200 * i, picture, (1920, 1080), picture.copy)
        seen = np.arange(PEOPLE), np.ones(PEOPLE, bool)
        shown.append((frame, Tracks(ids, box, np.ones(PEOPLE, np.float32), np.zeros(PEOPLE, np.int64), *seen)))
    return shown


def footage() -> list[tuple[Frame, Tracks]]:
    """The demo clip at the size of the bundled detector, with nobody tracked."""
    camera = Camera("gate", str(CLIP), pace="fast", start_ms=0, analysis_fps=FPS)
    nobody = Tracks(np.empty(0, np.int64), np.empty((0, 4), np.float32), np.empty(0, np.float32),
                    np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, bool))  # fmt: skip
    return [(frame, nobody) for frame in FileAdapter().frames(camera, FrameRequest(416, 416, "within"))]


def ms_per_frame(make: Callable[[], Callable[[Frame, Tracks], object]], shown: Sequence[tuple[Frame, Tracks]]) -> float:
    def once() -> float:
        observe = make()
        began = time.perf_counter()
        for frame, tracks in shown:
            observe(frame, tracks)
        return 1000.0 * (time.perf_counter() - began) / len(shown)

    return round(median(once() for _ in range(RUNS)), 4)


def measured() -> Iterator[tuple[str, float]]:
    gate = Camera("gate", str(Path("x.mp4")))

    def book(*rules: object) -> Callable[[], Callable[[Frame, Tracks], object]]:
        return lambda: RuleBook([gate], {"gate": check_rules({"rules": list(rules)})}).observe

    people, pictures = walks(), footage()
    yield "ten_rules_twenty_people_ms", ms_per_frame(book(*RULES), people)
    for rule in RULES:
        yield f"{rule['name']} ({rule['kind']}) ms", ms_per_frame(book(rule), people)
    yield "abandoned_object_ms", ms_per_frame(book({"name": "bag", "kind": "abandoned_object"}), pictures)
    yield "camera_sight_ms", ms_per_frame(lambda: SightWatch([gate], HealthSettings()).observe, pictures)


def main(argv: Sequence[str] | None = None) -> int:
    figures = {}
    for name, figure in measured():
        figures[name] = figure
        print(f"{name}: {figure}", flush=True)
    write_result("rules_speed", {"frames_per_second": FPS, "people": PEOPLE, "results": figures})
    return 0


if __name__ == "__main__":
    sys.exit(main())
