"""One-thread lanes: every row once, in order."""

import threading
from typing import ClassVar

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.engine.lanes import Lanes, shares


class Doubling:
    label, precision, input_names, output_names, elsewhere_s = "x-cpu-fp32", "fp32", ("a",), ("b",), 0.0
    output_rows: ClassVar = {"b": (1,)}

    def __init__(self):
        self.seen = []

    def run(self, inputs):
        self.seen.append((threading.current_thread(), len(inputs["a"])))
        sum(range(20_000))
        return {"b": inputs["a"] * 2}

    def fill(self, inputs, outputs):
        outputs["b"][:] = self.run(inputs)["b"]


@given(st.integers(1, 40), st.integers(1, 9))
def test_shares_cover_every_row_once_and_evenly(n, lanes):
    parts = list(shares(n, lanes))
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(n))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert len(parts) == min(n, lanes)


def test_rows_come_back_in_order_from_several_threads():
    engine = Doubling()
    lanes = Lanes(engine, 3)
    rows = np.arange(7, dtype=np.float32).reshape(7, 1)
    assert lanes.run({"a": rows})["b"].tolist() == (rows * 2).tolist()
    assert sorted(n for _, n in engine.seen) == [2, 2, 3]
    assert len({thread for thread, _ in engine.seen}) >= 2
    assert lanes.elsewhere_s > 0


def test_a_single_row_stays_with_its_caller():
    engine = Doubling()
    lanes = Lanes(engine, 3)
    lanes.run({"a": np.ones((1, 1), np.float32)})
    assert [thread for thread, _ in engine.seen] == [threading.current_thread()]
    assert lanes.elsewhere_s == 0.0
