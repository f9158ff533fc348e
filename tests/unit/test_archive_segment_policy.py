"""When rows are sealed and which segments become one, by hand; and the manifest that names them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.archive.segments.manifest import Manifest, Part, Sealed, read_manifest, write_manifest
from pipeline.archive.segments.policy import Step, next_step
from pipeline.errors import ArchiveDamaged


def parts_of(*sizes: int) -> tuple[Part, ...]:
    ends = np.cumsum(sizes).tolist()
    return tuple(Part(f"p{end}", end - size, end, size) for size, end in zip(sizes, ends, strict=True))


@pytest.mark.parametrize(
    ("sizes", "end_row", "step"),
    [
        ((), 9, None),
        ((), 10, Step(0, 10)),
        ((10,), 19, None),
        ((10,), 35, Step(10, 35)),
        ((10, 10, 10), 30, None),
        ((10, 12, 10, 39), 71, Step(0, 71)),  # one class: 10 to 39
        ((10, 10, 10, 40), 70, None),
        ((40, 10, 10, 10, 10), 80, Step(40, 80)),
        ((40, 40, 40, 40), 160, Step(0, 160)),
    ],
)
def test_policy_by_hand(sizes: Sequence[int], end_row: int, step: Step | None) -> None:
    assert next_step(Sealed(0, parts_of(*sizes)), end_row, {}, seal_rows=10) == step


@pytest.mark.parametrize(
    ("sizes", "end_row", "living", "step"),
    [
        ((), 0, {}, None),
        ((), 7, {}, Step(0, 7)),
        ((10,), 10, {}, None),
        ((10,), 11, {}, Step(0, 11)),
        ((10,), 10, {"p10": 9}, Step(0, 10)),
        ((10, 20, 5), 35, {}, Step(0, 35)),
        ((1_000_000, 40_000, 40_000), 1_080_000, {}, Step(0, 1_040_000)),
        ((1_040_000, 40_000), 1_080_000, {}, None),
        ((1_040_000, 40_000), 1_080_001, {}, Step(1_040_000, 1_080_001)),
        ((), 3_000_000, {}, Step(0, 1_048_576)),  # as after a loss of all segments
        ((1_048_576,), 3_000_000, {}, Step(1_048_576, 2_097_152)),
        ((2_000_000,), 2_000_000, {"p2000000": 1_500_000}, Step(0, 2_000_000)),
    ],
)
def test_thorough_policy_by_hand(sizes: Sequence[int], end_row: int, living: dict[str, int], step: Step | None) -> None:
    assert next_step(Sealed(0, parts_of(*sizes)), end_row, living, 10, thorough=True) == step


def test_a_segment_with_many_dead_is_built_anew() -> None:
    sealed = Sealed(0, parts_of(100, 10))
    assert next_step(sealed, 110, {"p100": 71}, seal_rows=20) is None
    assert next_step(sealed, 110, {"p100": 69}, seal_rows=20) == Step(0, 100)


def test_manifest_comes_back_and_a_broken_one_says_what_to_do(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == Manifest()
    written = Manifest({3: Sealed(2, parts_of(5, 7))})
    write_manifest(tmp_path, written)
    assert read_manifest(tmp_path) == written
    assert written.of(3, 2).end_row == 12
    assert written.of(3, 1) == Sealed(1)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ArchiveDamaged, match="rebuild"):
        read_manifest(tmp_path)
