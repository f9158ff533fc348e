"""How long the demo takes with the bundled networks and at which rank the person is found; writes results/demo.json."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.evaluation_set import write_result
from pipeline.demo import run_demo


def main(argv: list[str]) -> int:
    """Run the demo's analysis and search once; fails above 90 s."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZHIAN_MODELS_HOME"] = f"{folder}/models"
        demo = run_demo(Path(folder))
        elapsed_s = time.monotonic() - began
        result = {
            "elapsed_s": round(elapsed_s, 1),
            "frames": sum(s.frames for s in demo.summaries),
            "sightings": sum(sum(s.sightings.values()) for s in demo.summaries),
            "detector": demo.networks.detector.name,
            "hits": [
                {"rank": h.rank, "score": round(h.score, 3), "first_seen_ms": h.sighting.first_seen_ms}
                for h in demo.search.hits
            ],
        }
    write_result("demo", result)
    print(json.dumps(result))
    return 0 if elapsed_s <= 90 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
