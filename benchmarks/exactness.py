"""How far each engine is from fp32, and how far it may be: `python -m benchmarks exactness`.

Every detector on every engine here, on noise, which `zhian models measure` takes, and on pictures of the footage: the
deviation of its outputs (`models.engine.deviation`). Then the outputs of nanodet are disturbed by as much as that and
more: from where on it costs accuracy bounds what an engine may deviate. Writes benchmarks/results/exactness.json. The
exit code is 1 when an engine here is beyond the bound, or the bound itself costs more than is tolerated.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import detection
from benchmarks.evaluation_set import SEQUENCES, frames, made_up, mirrored_store, write_result
from models.card import ModelCard, Task
from models.cards import CARDS, card
from models.decoders import open_decoder
from models.detector import Detector
from models.engine import (
    AUTOMATIC,
    MOST_DEVIATION,
    Engine,
    EngineChoice,
    candidates,
    deviation,
    label_of,
    open_engine,
)
from models.picture_network import as_run
from models.preparation import Preparation
from models.store import ModelStore

ROWS, EVERY = 2, 2
LEVELS = (0.0, 0.01, 0.03, 0.1, MOST_DEVIATION, 2 * MOST_DEVIATION)


class Disturbed:
    """An engine whose outputs are off by `level` of their size, at random."""

    def __init__(self, engine: Engine, level: float) -> None:
        self._engine, self._level, self._rng = engine, level, np.random.default_rng(0)
        self.input_names, self.precision, self.elsewhere_s = engine.input_names, engine.precision, 0.0

    def run(self, inputs: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
        """Infer one batch."""
        return {name: self._off(values) for name, values in self._engine.run(inputs).items()}

    def _off(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        size = np.float32(self._level * np.sqrt(np.square(values).mean()))
        off: NDArray[np.float32] = values + size * self._rng.standard_normal(values.shape, np.float32)
        return off


def deviations(one: ModelCard, store: ModelStore) -> list[dict[str, object]]:
    """Return how far each engine is from the first, onnxruntime in fp32."""
    network, preparation = as_run(one, store.path(one)[0].read_bytes()), Preparation(one.input)
    shown = [picture for name in SEQUENCES for picture, _ in islice(frames(name), 1)]
    pictures = np.concatenate([preparation.pixels([picture])[0] for picture in shown])
    engines = {label_of(each): open_engine(network, settings=each) for each in candidates(AUTOMATIC)}
    rows: dict[str, dict[str, object]] = {label: {"detector": one.name, "engine": label} for label in engines}
    for name, blob in (("noise", made_up(one, ROWS)), ("pictures", pictures)):
        found = {label: engine.run({engine.input_names[0]: blob}) for label, engine in engines.items()}
        exact = next(iter(found.values()))
        for label, outputs in found.items():
            rows[label][name] = float(f"{deviation(outputs, exact):.3g}")
    return list(rows.values())


def costs(one: ModelCard, store: ModelStore, sequence: str = "TUD-Stadtmitte") -> list[dict[str, float]]:
    """Return AP50 of a detector by how much its outputs are disturbed."""
    engine = open_engine(as_run(one, store.path(one)[0].read_bytes()), settings=candidates(AUTOMATIC)[0])
    rows = []
    for level in LEVELS:
        choice = EngineChoice(engine.label, f"disturbed by {level}")
        detector = Detector(one, Disturbed(engine, level), open_decoder(one, None), choice)
        rows.append({"disturbed": level, "ap50": float(str(detection.measure(detector, sequence, EVERY)["ap50"]))})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def main(_: list[str]) -> int:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        for one in (each for each in CARDS.values() if each.task == Task.DETECTOR):
            rows += deviations(one, store)
            print(json.dumps(rows[-1]), flush=True)
        disturbed = costs(card("nanodet"), store)
    write_result("exactness", {"most": MOST_DEVIATION, "engines": rows, "every": EVERY, "nanodet": disturbed})
    lost = max(disturbed[0]["ap50"] - each["ap50"] for each in disturbed if each["disturbed"] <= MOST_DEVIATION)
    return int(lost > detection.TOLERANCE or any(float(str(row["noise"])) > MOST_DEVIATION for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
