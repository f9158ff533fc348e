"""What it costs to look less often: `python -m benchmarks.thinning`.

When a machine has too much to do, cameras whose tracks are steady (nobody comes or goes) are looked at every other time
first, then all. The labelled sequences at 5 frames a second with every frame, with every other one while tracks are
steady, and with every other one always: frames looked at, and IDF1 and MOTA over all of them, gaps filled as
`zhian track` does. Writes results/thinning.json.
"""

import json
import sys
from collections.abc import Callable

import numpy as np

from benchmarks.evaluation_set import SEQUENCES, SHARED, write_result
from benchmarks.mot_metrics import read_mot, score
from camera_adapters.file import FileAdapter
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from models.detections import Detections
from models.detector import load_detector
from models.kinds import Kind
from pipeline.analysis.looks import looks_of
from pipeline.analysis.tracking import Tracks
from pipeline.analysis.tracking.recording import RecordedTracker

FPS = 5.0


def steady(tracks: Tracks) -> bool:
    """As `pipeline.analysis.camera_flow` says."""
    return len(tracks) > 0 and bool(tracks.confirmed.all()) and not tracks.ended


WAYS: dict[str, Callable[[Tracks], bool]] = {"every": lambda _: False, "steady": steady, "half": lambda _: True}


def tracked(
    frames: list[Frame], found: list[Detections], leave_out: Callable[[Tracks], bool]
) -> tuple[int, np.ndarray]:
    """Return how many frames were looked at, and MOT rows of all."""
    tracker, looked, skip = RecordedTracker(frames[0].source_size), 0, False
    for frame, people in zip(frames, found, strict=True):
        if skip:
            tracker._frames.append((frame.seq + 1, frame.captured_at_ms))  # filled as any gap
            skip = False
            continue
        looked += 1
        tracks = tracker.update(people, frame.seq + 1, frame.captured_at_ms, looks_of(frame, people.xyxy))
        skip = leave_out(tracks)
    rows = []
    for number, history in enumerate(tracker.finish(), start=1):
        size = history.xyxy[:, 2:] - history.xyxy[:, :2]
        one = np.full(len(size), number)
        rows.append(np.column_stack([history.frame, one, history.xyxy[:, :2], size, history.score]))
    return looked, np.concatenate(rows)


def main(_: list[str]) -> int:
    detector = load_detector()
    spec, results = detector.input, []
    for sequence, file in SEQUENCES.items():
        folder = SHARED / "data" / "mot" / sequence
        camera = Camera(id="gate", source=str(folder / file), pace="fast", start_ms=0, analysis_fps=FPS)
        frames = list(FileAdapter().frames(camera, FrameRequest(spec.width, spec.height, spec.fit)))
        found = [detector.detect([f.image], [f.source_size], min_score=0.1)[0].of_kind(Kind.PERSON) for f in frames]
        truth = read_mot(folder / "gt" / "gt.txt")
        truth = truth[np.isin(truth[:, 0], [frame.seq + 1 for frame in frames])]
        for name, leave_out in WAYS.items():
            looked, rows = tracked(frames, found, leave_out)
            against = score(truth, rows)
            row = {"sequence": sequence, "frames": len(frames), "way": name, "looked_at": looked}
            results.append({**row, "idf1": round(against.idf1, 4), "mota": round(against.mota, 4)})
            print(json.dumps(results[-1]), flush=True)
    write_result("thinning", {"results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
