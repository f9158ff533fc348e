"""Streams other chains sustain beside ours, in one run: `python -m benchmarks.cameras_peers`.

The peers are what a user would write: cv2.VideoCapture per stream, five pictures a second through ultralytics YOLOv8n
(torch; with random weights where yolov8n.pt cannot be had, which costs the same time), alone and followed by
deep-sort-realtime with its MobileNet embedder. They are installed into a throw-away environment (`--venv DIR` keeps
it). Each chain is measured on one stream, as CPU time for a length of footage, and a chain's streams are the
processor's cores over the cores of one stream; so do ours, and the order is turned round each time. CPU time at full
load is higher than alone, for everybody. Writes results/cameras_peers.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.evaluation_set import write_result
from benchmarks.gate_footage import FPS, PETS, PETS_FPS, encode, pictures

PACKAGES = (
    "torch==2.13.0",
    "torchvision",
    "ultralytics",
    "deep-sort-realtime",
    "opencv-python-headless",
    "setuptools<81",
)
OLDER = ("setuptools<81",)  # deep-sort-realtime imports pkg_resources
CHAINS = ("yolo", "yolo_deepsort")
SECONDS = 20.0
ROUNDS = 3

PEER = r"""
import json, sys, time
import cv2
import torch
try:
    import torchvision
except RuntimeError:  # built for another torch: its operators are declared, and ultralytics' own suppression taken
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    declared = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        declared.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
    from ultralytics.utils.nms import TorchNMS
    torchvision.ops.nms = TorchNMS.nms
from ultralytics import YOLO
chain, film, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
try:
    model, weights = YOLO("yolov8n.pt"), "yolov8n.pt"
except Exception:
    model, weights = YOLO("yolov8n.yaml"), "random"
tracker = None
if chain == "yolo_deepsort":
    from deep_sort_realtime.deepsort_tracker import DeepSort
    tracker = DeepSort()
boxes = json.loads(sys.stdin.read())
capture = cv2.VideoCapture(film)
fps = capture.get(cv2.CAP_PROP_FPS)
model.predict(capture.read()[1], verbose=False)
began, n, analysed = time.process_time(), 0, 0
while n < seconds * fps and capture.grab():
    n += 1
    if n % round(fps / 5):
        continue
    picture = capture.retrieve()[1]
    found = model.predict(picture, verbose=False)[0].boxes
    if tracker is not None:
        given = [([x, y, w, h], s, 0) for x, y, w, h, s in boxes[analysed % len(boxes)]]
        tracker.update_tracks(given, frame=picture)
    analysed += 1
print(json.dumps({"cpu_s": time.process_time() - began, "film_s": n / fps, "analysed": analysed, "weights": weights}))
"""


def peer_python(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    tried = [str(python), "-c", "import ultralytics, deep_sort_realtime"]
    if subprocess.run(tried, check=False, capture_output=True).returncode:
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES, *OLDER], check=True)
    return python


def said(command: list[str], given: str = "", **where: Any) -> dict[str, object]:
    """Run a chain in a process of its own; its last line is what it measured."""
    done = subprocess.run(command, check=False, input=given, capture_output=True, text=True, **where)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def peer(python: Path, chain: str, film: Path, boxes: list[list[list[float]]], folder: Path) -> dict[str, object]:
    """The tracker gets the boxes our detector finds, at most a crowd: random weights find none worth following."""
    command = [str(python), "-c", PEER, chain, str(film), str(SECONDS)]
    settings = {**os.environ, "YOLO_CONFIG_DIR": str(folder), "YOLO_OFFLINE": "true"}
    return said(command, json.dumps(boxes), cwd=folder, env=settings)


OURS = r"""
import json, sys, tempfile, time
from pathlib import Path
from camera_adapters.file import FileAdapter
from camera_adapters.site import Camera
from camera_adapters.stage_clock import StageClock
from pipeline.analysis.analyser import Analyser
from pipeline.analysis.detecting import frame_request
from pipeline.analysis.describe import Describer
from pipeline.archive import open_archive
from pipeline.assembly import load_networks
from pipeline.settings import AnalysisSettings, ModelSettings
film, seconds = sys.argv[1], float(sys.argv[2])
networks = load_networks(ModelSettings(threads=1))
stages = StageClock()
watch = stages.watch()
camera = Camera(id="gate", source=film, pace="fast", start_ms=0)
analyser = Analyser([camera], networks.detector, AnalysisSettings(), watch=watch)
describer = Describer(networks.embedders, networks.attributes)
frames = FileAdapter().frames(camera, frame_request(networks.detector, watch))
analyser.analyse([next(frames)])
boxes, analysed = [], 0
with tempfile.TemporaryDirectory() as made, open_archive(Path(made) / "archive", writable=True) as archive:
    began = time.process_time()
    for frame in frames:
        if frame.captured_at_ms >= seconds * 1000:
            break
        done = analyser.analyse([frame])
        if done:
            records = describer.describe(done)
            watch.lap("describe")
            archive.append(records)
            watch.lap("store")
        analysed += 1
    cpu_s = time.process_time() - began
print(json.dumps({"cpu_s": cpu_s, "film_s": seconds, "analysed": analysed, "stages": dict(stages.totals())}))
"""


def ours(film: Path) -> dict[str, object]:
    return said([sys.executable, "-c", OURS, str(film), str(SECONDS)])


def boxes_of(film: Path) -> list[list[list[float]]]:
    """Boxes x, y, w, h, score our detector is sure of, for each picture analysed at 5 a second."""
    from camera_adapters.file import FileAdapter
    from camera_adapters.site import Camera
    from models.detector import load_detector
    from pipeline.analysis.detecting import frame_request

    detector = load_detector()
    camera = Camera(id="gate", source=str(film), pace="fast", start_ms=0)
    found = []
    for frame in FileAdapter().frames(camera, frame_request(detector)):
        one = detector.detect([frame.image], [frame.source_size], min_score=0.4)[0]
        size = one.xyxy[:, 2:] - one.xyxy[:, :2]
        rows = zip(one.xyxy[:, :2].tolist(), size.tolist(), one.score.tolist(), strict=True)
        found.append([[*corner, *wide, score] for corner, wide, score in rows])
    return found


def streams(run: dict[str, object], cores: int) -> float:
    return cores * float(str(run["film_s"])) / float(str(run["cpu_s"]))


def films(folder: Path) -> dict[str, Path]:
    """PETS at its real speed, people always in view, at 25 a second."""
    shown = pictures(PETS)
    made = {}
    for name, size, rate in (("1080p25", (1920, 1080), 4_000_000), ("640x360", (640, 360), 600_000)):
        frames = (shown[int(n / FPS * PETS_FPS) % len(shown)] for n in range(round((SECONDS + 1) * FPS)))
        made[name] = encode(folder / f"{name}.mp4", frames, size, rate)
    return made


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, help="keep the peers' environment here")
    args = parser.parse_args(argv)
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        python = peer_python(args.venv or folder / "venv")
        clips = films(folder)
        boxes = boxes_of(clips["1080p25"])
        runs: dict[str, list[dict[str, object]]] = {name: [] for name in (*CHAINS, *clips)}
        for turn in range(ROUNDS):
            for name in list(runs)[:: -1 if turn % 2 else 1]:
                began = time.perf_counter()
                chain = name in CHAINS
                run = peer(python, name, clips["1080p25"], boxes, folder) if chain else ours(clips[name])
                runs[name].append(run)
                print(name, json.dumps(run), f"{time.perf_counter() - began:.0f} s", flush=True)
    carried = {name: round(median(streams(run, cores) for run in each), 2) for name, each in runs.items()}
    ratios = {
        "1080p25_over_yolo_deepsort": carried["1080p25"] / carried["yolo_deepsort"],
        "1080p25_over_yolo": carried["1080p25"] / carried["yolo"],
        "640x360_over_yolo_deepsort": carried["640x360"] / carried["yolo_deepsort"],
    }
    result = {"cores": cores, "streams": carried, "ratios": {k: round(v, 2) for k, v in ratios.items()}, "runs": runs}
    print(json.dumps(result["ratios"]))
    write_result("cameras_peers", result)
    good = ratios["1080p25_over_yolo_deepsort"] >= 5 and ratios["1080p25_over_yolo"] >= 2
    return 0 if good and ratios["640x360_over_yolo_deepsort"] >= 10 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
