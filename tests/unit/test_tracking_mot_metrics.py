"""IDF1 and MOTA on sequences small enough to count by hand."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.mot_metrics import iou, read_mot, score


def rows(*cells: tuple[int, int, float]) -> np.ndarray:
    """Each cell is frame, id, x of a box 10 x 10."""
    return np.array([(f, i, x, 0, 10, 10, 1) for f, i, x in cells], float).reshape(-1, 7)


def test_iou_by_hand():
    assert iou(np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 10, 10], [0, 0, 10, 10]]))[0] == pytest.approx(
        [1 / 3, 1]
    )


def test_the_truth_itself_is_perfect():
    truth = rows((1, 1, 0), (1, 2, 50), (2, 1, 2), (2, 2, 52))
    result = score(truth, truth)
    assert (result.idf1, result.mota, result.switches) == (1.0, 1.0, 0)


def test_a_split_track_costs_one_switch_and_the_shorter_part():
    """Ten frames, the id changes after six: IDTP 6, IDF1 12/20; one switch of ten truths."""
    truth = rows(*((f, 1, 0) for f in range(1, 11)))
    found = rows(*((f, 7 if f <= 6 else 8, 0) for f in range(1, 11)))
    result = score(truth, found)
    assert result.idf1 == pytest.approx(0.6)
    assert result.mota == pytest.approx(0.9)
    assert result.switches == 1


def test_misses_and_false_boxes():
    """Four truths: two found, two missed, one false box: MOTA 1 - 3/4; IDTP 2 of 4 + 3."""
    truth = rows((1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 0))
    found = rows((1, 1, 0), (2, 1, 0), (2, 2, 80))
    result = score(truth, found)
    assert (result.misses, result.false_boxes, result.switches) == (2, 1, 0)
    assert result.mota == pytest.approx(0.25)
    assert result.idf1 == pytest.approx(2 * 2 / 7)


def test_two_tracks_that_swap_are_two_switches():
    truth = rows(*((f, i, 50.0 * i) for f in range(1, 5) for i in (1, 2)))
    found = rows(*((f, i, 50.0 * (i if f <= 2 else 3 - i)) for f in range(1, 5) for i in (1, 2)))
    result = score(truth, found)
    assert result.switches == 2
    assert result.idf1 == pytest.approx(0.5)


def test_a_pair_that_lasts_is_kept_although_another_overlaps_more():
    truth = rows((1, 1, 0), (2, 1, 0))
    found = rows((1, 5, 1), (2, 5, 3), (2, 6, 0))
    result = score(truth, found)
    assert (result.switches, result.false_boxes) == (0, 1)


def test_a_switch_after_a_gap_still_counts():
    result = score(rows((1, 1, 0), (2, 1, 0), (3, 1, 0)), rows((1, 5, 0), (3, 6, 0)))
    assert (result.switches, result.misses) == (1, 1)


def test_just_below_the_gate_is_a_miss_and_a_false_box():
    """Shifted by 10/3 the IoU is exactly 0.5; by 3.4 it is less."""
    assert score(rows((1, 1, 0)), rows((1, 1, 3.3))).misses == 0
    result = score(rows((1, 1, 0)), rows((1, 1, 3.4)))
    assert (result.misses, result.false_boxes) == (1, 1)


def test_nothing_found_and_nothing_true():
    nothing = rows()
    assert score(rows((1, 1, 0)), nothing).mota == 0.0
    assert score(nothing, rows((1, 1, 0))).idf1 == 0.0
    assert score(nothing, nothing).idf1 == 0.0


def test_reading_keeps_flagged_rows_when_asked(tmp_path: Path):
    path = tmp_path / "gt.txt"
    path.write_text("1,1,0,0,10,10,1,-1,-1,0\n1,2,5,5,10,10,0,-1,-1,0\n")
    assert len(read_mot(path)) == 2
    assert read_mot(path, flagged_only=True)[:, 1].tolist() == [1]
    path.write_text("")
    assert read_mot(path).shape == (0, 7)
