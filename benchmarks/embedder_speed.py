"""The bundled person embedder against its teacher on the same engines, turn by turn.

    python -m benchmarks.embedder_speed

Writes benchmarks/results/embedder_speed.json. The exit code is 1 below four times the teacher's speed.
"""

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.evaluation_set import mirrored_store, write_result
from models.cards import card
from models.engine import EngineSettings, describe_host
from models.training.speed import Contender, race

AT_LEAST = 4.0


def main(argv: list[str]) -> int:
    one_thread = EngineSettings("onnxruntime", "cpu", "fp32", 1)
    variants = [(one_thread, 1), (one_thread, 16), (EngineSettings("openvino", "cpu", "fp32"), 16)]
    if describe_host().bf16:
        variants.append((EngineSettings("openvino", "cpu", "bf16"), 16))
    rows = []
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        teacher, student = (
            Contender(store.path(each)[0], each.input) for each in (card("omz0277"), card("person_small"))
        )
        for settings, batch in variants:
            rows.append(race(teacher, student, settings, batch).row())
            print(json.dumps(rows[-1]), flush=True)
    write_result("embedder_speed", {"large": "omz0277", "small": "person_small", "results": rows})
    return int(min(float(row["ratio"]) for row in rows) < AT_LEAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
