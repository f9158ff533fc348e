"""What our own code costs beside decoding and inference: `python -m benchmarks.own_code`.

PETS, people always in view, through the real chain on one thread (decode, scale, detect, follow, describe, store), at
1080p25 and 640x360, of one camera and of eight in one batch, as a box with many cameras works. Decoding and scaling are
FFmpeg's; inference is what the engines compute, timed inside our engine layer; all else is ours: preparing pictures,
decoding boxes, following, choosing shots, colours, JPEG, the archive.
Three rounds, the best counts. Writes results/own_code.json.
"""

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.cameras_peers import SECONDS, films
from benchmarks.evaluation_set import write_result
from camera_adapters.file import FileAdapter
from camera_adapters.site import Camera
from camera_adapters.stage_clock import StageClock
from models.engine.onnxruntime_engine import OnnxruntimeEngine
from models.engine.openvino_engine import OpenvinoEngine
from pipeline.analysis.analyser import Analyser
from pipeline.analysis.describe import Describer
from pipeline.analysis.detecting import frame_request
from pipeline.archive import open_archive
from pipeline.assembly import Networks, load_networks
from pipeline.settings import AnalysisSettings, ModelSettings

ROUNDS, MOST, TOGETHER = 3, 0.10, 8
inferred = {"cpu_s": 0.0}


def time_engines() -> None:
    """Count the CPU time of every inference of this process."""
    for engine in (OpenvinoEngine, OnnxruntimeEngine):
        run = engine.run

        def timed(self: Any, inputs: Mapping[str, Any], run: Any = run) -> Any:
            began = time.thread_time()
            found = run(self, inputs)
            inferred["cpu_s"] += time.thread_time() - began
            return found

        engine.run = timed  # type: ignore[method-assign]


def chain(film: Path, networks: Networks, together: int = 1) -> dict[str, float]:
    """Return CPU seconds per camera, with so many in each batch: whole, decode, scale, inference, ours."""
    stages = StageClock()
    watch = stages.watch()
    cameras = [Camera(id=f"gate{n}", source=str(film), pace="fast", start_ms=0) for n in range(together)]
    analyser = Analyser(cameras, networks.detector, AnalysisSettings(), watch=watch)
    describer = Describer(networks.embedders, networks.attributes)
    batches = zip(*(FileAdapter().frames(one, frame_request(networks.detector, watch)) for one in cameras), strict=True)
    analyser.analyse(next(batches))
    with tempfile.TemporaryDirectory() as made, open_archive(Path(made) / "archive", writable=True) as archive:
        before, spent, inference = time.process_time(), dict(stages.totals()), inferred["cpu_s"]
        for frames in batches:
            done = analyser.analyse(frames)
            if done:
                archive.append(describer.describe(done))
        whole = time.process_time() - before
    totals = stages.totals()
    parts = {name: totals[name] - spent.get(name, 0.0) for name in ("decode", "scale")}
    parts["inference"] = inferred["cpu_s"] - inference
    each = {"whole": whole, **parts, "ours": whole - sum(parts.values())}
    return {name: seconds / together for name, seconds in each.items()}


def main(_: list[str]) -> int:
    time_engines()
    networks = load_networks(ModelSettings(threads=1))
    networks.prepare(8)
    result: dict[str, object] = {"film_s": SECONDS}
    shares = []
    with tempfile.TemporaryDirectory() as made:
        clips = [(name, film, many) for name, film in films(Path(made)).items() for many in (1, TOGETHER)]
        for size, film, many in clips:
            name = size if many == 1 else f"{size}_by_{many}"
            best = min((chain(film, networks, many) for _ in range(ROUNDS)), key=lambda run: run["whole"])
            share = best["ours"] / best["whole"]
            shares.append(share)
            result[name] = {**{part: round(value, 3) for part, value in best.items()}, "ours_share": round(share, 4)}
            print(name, json.dumps(result[name]), flush=True)
    write_result("own_code", result)
    return 0 if max(shares) < MOST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
