"""What the gate and adaptive decoding save, and what they miss: `python -m benchmarks.gate`.

Footage like a gate's: people in view a fifth of the time. The real chain (file adapter in real-time pace on a clock
that jumps instead of waiting, gate, detector, tracker) runs over it once with every frame analysed and once gated, on
one thread, so that CPU time is exact and nothing depends on the machine's load. A tracklet of the every-frame run that
lasted 2 s is missed when no gated tracklet overlaps it in time and place. Writes results/gate.json.
"""

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.evaluation_set import SHARED, write_result
from benchmarks.gate_footage import PETS, encode, pictures, spliced
from camera_adapters.file import FileAdapter
from camera_adapters.site import Camera
from camera_adapters.stage_clock import StageClock
from pipeline.analysis.analyser import Analyser
from pipeline.analysis.detecting import frame_request
from pipeline.analysis.motion_gate import MotionGate
from pipeline.analysis.tracklet import Tracklet
from pipeline.assembly import load_networks
from pipeline.settings import AnalysisSettings, ModelSettings

BUSY_S, QUIET_S, ROUNDS = 12.0, 48.0, 2
LASTING_MS = 2000


@dataclass(slots=True)
class Leaping:
    """A clock on which sleeping takes no time."""

    now_s: float = 0.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def run(film: Path, *, gated: bool) -> tuple[list[Tracklet], dict[str, object]]:
    networks = load_networks(ModelSettings(threads=1))
    stages, leaping, settings = StageClock(), Leaping(), AnalysisSettings()
    watch = stages.watch()
    gate = MotionGate(settings.motion_gate, watch) if gated else None
    camera = Camera(id="gate", source=str(film), pace="real_time", start_ms=0)
    request = frame_request(networks.detector, watch, gate)
    analyser = Analyser([camera], networks.detector, settings, watch=watch)
    done: list[Tracklet] = []
    began, analysed = time.thread_time(), 0
    for frame in FileAdapter(clock=leaping.clock, sleep=leaping.sleep).frames(camera, request):
        if gate is not None and not gate.admit(frame):
            continue
        done += analyser.analyse([frame])
        analysed += 1
        if gate is not None:
            gate.tell(moving=analyser.following.follows(camera.id))
    cpu_s = time.thread_time() - began
    done += analyser.following.finish()
    shares = {stage: round(seconds, 3) for stage, seconds in stages.totals().items()}
    return done, {"cpu_s": round(cpu_s, 2), "analysed": analysed, "tracklets": len(done), "cpu_s_by_stage": shares}


def missed(every: list[Tracklet], gated: list[Tracklet]) -> list[dict[str, float]]:
    """The lasting tracklets of which the gated run has nothing of the kind, at the time, near the place."""
    lost = []
    for one in every:
        if one.last_seen_ms - one.first_seen_ms < LASTING_MS:
            continue
        if not any(_meet(one, other) for other in gated):
            lost.append({"from_s": one.first_seen_ms / 1000, "to_s": one.last_seen_ms / 1000, "frames": one.frames})
    return lost


def _meet(one: Tracklet, other: Tracklet) -> bool:
    together = other.first_seen_ms <= one.last_seen_ms and other.last_seen_ms >= one.first_seen_ms
    if other.kind is not one.kind or not together:
        return False
    reach = one.shots[0].xyxy[3] - one.shots[0].xyxy[1]
    return any(
        abs(a.xyxy[0] - b.xyxy[0]) < reach * (1 + abs(a.captured_at_ms - b.captured_at_ms) / 1000)
        for a in one.shots
        for b in other.shots
    )


def measure(name: str, film: Path) -> dict[str, object]:
    every, full = run(film, gated=False)
    found, spared = run(film, gated=True)
    lasting = sum(t.last_seen_ms - t.first_seen_ms >= LASTING_MS for t in every)
    return {
        "footage": name,
        "times_less_cpu": round(float(full["cpu_s"]) / float(spared["cpu_s"]), 2),  # type: ignore[arg-type]
        "lasting_tracklets": lasting,
        "missed": missed(every, found),
        "every_frame": full,
        "gated": spared,
    }


def main(argv: list[str]) -> int:
    """Measure; 0 when the gate halves the cost and no lasting tracklet is missed."""
    results = []
    with tempfile.TemporaryDirectory() as made:
        films = pictures(PETS)
        clip = encode(Path(made) / "spliced.mp4", spliced(films, BUSY_S, QUIET_S, ROUNDS))
        results.append(measure("PETS spliced with its empty background, 20 % busy, 1080p25", clip))
        print(json.dumps(results[-1]), flush=True)
        one_by_one = SHARED / "data" / "video" / "one-by-one-person-detection.mp4"
        results.append(measure("one-by-one-person-detection.mp4 as it is, 768x432 at 10", one_by_one))
        print(json.dumps(results[-1]), flush=True)
    write_result("gate", {"results": results})
    return 0 if float(str(results[0]["times_less_cpu"])) >= 2 and not any(each["missed"] for each in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
