"""Free memory goes back to the system: when it is due, and really."""

import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.heap import Heap, trim


def test_trims_when_due_and_not_before() -> None:
    now_s, done = [100.0], []
    heap = Heap(every_s=60.0, trim=lambda: done.append(now_s[0]), clock=lambda: now_s[0])
    for now_s[0] in (100.0, 159.0, 160.0, 161.0, 219.0, 221.0):
        heap.trim_when_due()
    assert done == [160.0, 221.0]


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_what_was_freed_between_what_lives_is_given_back() -> None:
    blocks = [np.ones(100_000, np.uint8) for _ in range(1000)]  # below the size that is mapped for itself
    del blocks[::2], blocks[1::3]
    before = resident()
    trim()
    assert before - resident() > 10_000_000
    assert all(block[0] == 1 for block in blocks)
