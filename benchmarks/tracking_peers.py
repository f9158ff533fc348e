"""Other trackers on the same detections: `python -m benchmarks.tracking_peers DETECTIONS_DIR`.

Needs `pip install trackers` (ByteTrack and OC-SORT at their defaults) in a throw-away environment; it is never a
dependency of the product. DETECTIONS_DIR is what `benchmarks.tracking --keep` left.
Writes results/tracking_peers.json.
"""

import argparse
import importlib.metadata
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.mot_metrics import Array, read_mot, score

ROOT = Path(__file__).resolve().parent


def followed(kind: str, detections: Array, frames: int) -> Array:
    """Rows frame, id, x, y, w, h, score."""
    import supervision
    import trackers

    tracker = getattr(trackers, kind)()
    rows = []
    for frame in range(1, frames + 1):
        part = detections[detections[:, 0] == frame].astype(np.float32)
        tracks = tracker.update(
            supervision.Detections(xyxy=part[:, 1:5], confidence=part[:, 5], class_id=np.zeros(len(part), int))
        )
        named = tracks.tracker_id >= 0
        box = tracks.xyxy[named]
        size = box[:, 2:] - box[:, :2]
        head = [np.full(len(box), frame), tracks.tracker_id[named]]
        rows.append(np.column_stack([*head, box[:, :2], size, tracks.confidence[named]]))
    return np.concatenate(rows)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detections", type=Path)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("ZHIAN_SHARED", ROOT.parents[1] / "shared")))
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "tracking_peers.json")
    args = parser.parse_args(argv)
    results = []
    for path in sorted(args.detections.glob("*.npz")):
        name, sequence = path.stem.split("_", 1)
        stored = np.load(path)
        folder = args.shared / "mot" / sequence
        folder = folder if folder.is_dir() else args.shared / "data" / "mot" / sequence
        for kind in ("ByteTrackTracker", "OCSORTTracker"):
            found = followed(kind, stored["rows"], int(stored["frames"]))
            figures = {"detector": name, "sequence": sequence, "tracker": kind}
            for prefix, flagged in (("", False), ("flagged_", True)):
                against = score(read_mot(folder / "gt" / "gt.txt", flagged_only=flagged), found)
                figures |= {f"{prefix}idf1": round(against.idf1, 4), f"{prefix}mota": round(against.mota, 4)}
            results.append(figures)
            print(json.dumps(figures), flush=True)
    report = {"trackers": importlib.metadata.version("trackers"), "results": results}
    args.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
