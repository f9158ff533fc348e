"""Hand-computed outputs through each decoder, and the suppression."""

import numpy as np
import pytest

from models.card import InputLayout
from models.cards import card
from models.decoders import Candidates, open_decoder
from models.decoders.candidates import kind_codes, suppress, sure
from models.decoders.gfl import GflDecoder
from models.decoders.ssd import SsdDecoder
from models.decoders.yolox import YoloxDecoder
from models.errors import ModelCorrupt, ModelError
from models.kinds import KINDS, Kind

CLASSES = {Kind.PERSON: (1,), Kind.MOTOR_VEHICLE: (2,)}
COCO = card("nanodet").classes


def rows(candidates):
    return [
        (int(i), KINDS[k].value, round(float(s), 4), [round(float(v), 3) for v in box])
        for i, k, s, box in zip(candidates.image, candidates.kind, candidates.score, candidates.xyxy, strict=True)
    ]


def test_ssd_by_hand():
    corners = np.array([[0.2, 0.2, 0.4, 0.6], [0.5, 0.5, 0.7, 0.7]], np.float32)
    variances = np.tile(np.array([0.1, 0.1, 0.2, 0.2], np.float32), (2, 1))
    priors = np.stack([corners.ravel(), variances.ravel()])[None]
    loc = np.zeros((2, 8), np.float32)
    # Second picture, first prior: half its width to the right, doubled in height.
    loc[1, :4] = [0.5 / 0.1, 0, 0, np.log(2) / 0.2]
    conf = np.zeros((2, 2, 3), np.float32)
    conf[0, 1] = [0.1, 0.2, 0.7]
    conf[1, 0] = [0.1, 0.8, 0.1]
    decoder = SsdDecoder(priors, InputLayout("x", 100, 200), CLASSES)
    found = decoder.decode({"loc": loc, "conf": conf.reshape(2, 6)}, 0.3)
    assert rows(found) == [
        (0, "motor_vehicle", 0.7, [50, 100, 70, 140]),
        (1, "person", 0.8, [30, 0, 50, 160]),
    ]


def test_yolox_by_hand():
    decoder = YoloxDecoder(InputLayout("x", 64, 32, "within"), COCO)
    cells = 8 * 4 + 4 * 2 + 2 * 1
    raw = np.zeros((2, cells, 85), np.float32)
    # Stride 16, row 1, column 2 of 2 x 4: cell 32 + 6; centre (2 + 0.5, 1 + 0.25) strides, 2 x 1 strides large.
    raw[1, 38, :5] = [0.5, 0.25, np.log(2), 0, 0.5]
    raw[1, 38, 5 + 0] = 0.8
    raw[1, 38, 5 + 7] = 0.6
    found = decoder.decode({"output": raw}, 0.3)
    assert rows(found) == [
        (1, "person", 0.4, [24, 12, 56, 28]),
        (1, "motor_vehicle", 0.3, [24, 12, 56, 28]),
    ]


CELLS = 4 * 2 + 8 * 4  # of strides 16 and 8 in 64 x 32, the coarser first


def gfl_outputs(batch=1, bins=8):
    return {
        "a": np.zeros((batch, CELLS, 6), np.float32),
        "b": np.zeros((batch, CELLS, 4 * bins), np.float32),
    }


def test_gfl_by_hand():
    decoder = GflDecoder(InputLayout("x", 64, 32), COCO)
    outputs = gfl_outputs(batch=2)
    outputs["a"][0, 5, 0] = 0.9  # stride 16: row 1, column 1: middle (24, 24)
    outputs["a"][1, 8 + 31, 0] = 0.7  # stride 8: the last of them: middle (60, 28)
    distances = np.full((4, 8), -50, np.float32)
    distances[0, 1] = distances[1, 0] = distances[2, 3] = 50  # sure: 1 left, 0 up, 3 right
    distances[3, 0] = distances[3, 1] = 50  # torn between 0 and 1: half down
    outputs["b"][0, 5] = outputs["b"][1, 8 + 31] = distances.ravel()
    assert rows(decoder.decode(outputs, 0.5)) == [
        (0, "person", 0.9, [8, 24, 72, 32]),
        (1, "person", 0.7, [52, 28, 84, 32]),
    ]


def test_gfl_knows_the_six_classes_that_are_left():
    decoder = GflDecoder(InputLayout("x", 64, 32), COCO)
    outputs = gfl_outputs()
    for left in range(6):  # person, bicycle, car, motorcycle, bus, truck
        outputs["a"][0, left, left] = 0.9
    found = decoder.decode(outputs, 0.5)
    assert [KINDS[kind].value for kind in found.kind] == [
        "person", "non_motor_vehicle", "motor_vehicle", "non_motor_vehicle", "motor_vehicle", "motor_vehicle"
    ]  # fmt: skip


def test_gfl_tells_outputs_apart_whatever_their_order_and_finds_nothing_in_nothing():
    decoder = GflDecoder(InputLayout("x", 64, 32), COCO)
    outputs = dict(reversed(gfl_outputs(batch=3, bins=11).items()))
    assert rows(decoder.decode(outputs, 0.5)) == []


def test_gfl_refuses_outputs_of_another_size():
    decoder = GflDecoder(InputLayout("x", 64, 32), COCO)
    with pytest.raises(ModelCorrupt, match="7 cells"):
        decoder.decode({"a": np.zeros((1, 7, 6), np.float32), "b": np.zeros((1, 7, 32), np.float32)}, 0.5)
    with pytest.raises(ModelCorrupt, match="do not belong together"):
        decoder.decode({"a": np.zeros((1, CELLS, 6), np.float32)}, 0.5)


def test_a_kind_takes_its_best_class():
    _, codes = kind_codes(COCO)
    scores = np.array([[0.0, 0.1, 0.4, 0.3, 0.45, 0.35], [0.0] * 6], np.float32)
    row, kind, score = sure(scores, codes, 0.3)
    assert row.tolist() == [0, 0, 0, 0]
    box = np.tile(np.array([0, 0, 10, 10], np.float32), (len(row), 1))
    (found,) = suppress(Candidates(row, kind, score, box), 1, 0.6)
    assert {
        KINDS[code].value: round(float(sure), 2) for code, sure in zip(found.class_id, found.score, strict=True)
    } == {
        "motor_vehicle": 0.45,
        "non_motor_vehicle": 0.3,
    }
    assert len(found) == 2


def candidates(*items):
    image, kind, score, xyxy = zip(*items, strict=True)
    return Candidates(
        np.array(image, np.int64), np.array(kind, np.int64), np.array(score, np.float32), np.array(xyxy, np.float32)
    )


def test_suppression_stays_within_picture_and_kind():
    box, near, far = (0, 0, 10, 10), (1, 0, 11, 10), (100, 0, 110, 10)
    found = suppress(
        candidates((0, 0, 0.5, near), (0, 0, 0.9, box), (0, 1, 0.6, box), (1, 0, 0.4, near), (0, 0, 0.7, far)), 3, 0.5
    )
    assert [one.score.tolist() for one in found] == [pytest.approx([0.9, 0.7, 0.6]), pytest.approx([0.4]), []]
    assert found[0].class_id.tolist() == [0, 0, 1]
    assert found[0].xyxy.tolist() == [list(box), list(far), list(box)]


def test_the_threshold_is_the_overlap_that_two_may_have():
    pair = candidates((0, 0, 0.9, (0, 0, 10, 10)), (0, 0, 0.8, (0, 0, 10, 5)))
    assert [len(suppress(pair, 1, threshold)[0]) for threshold in (0.45, 0.55)] == [1, 2]


def test_thousands_of_candidates_are_bounded_to_the_best():
    random = np.random.default_rng(0)
    corner = random.uniform(0, 9000, (3000, 2))
    crowd = Candidates(
        np.repeat([0, 1], 1500),
        np.zeros(3000, np.int64),
        random.uniform(0, 1, 3000).astype(np.float32),
        np.concatenate([corner, corner + 2], axis=1).astype(np.float32),
    )
    found = suppress(crowd, 2, 0.5)
    assert all(900 < len(one) <= 1000 for one in found)
    assert found[1].score[0] == crowd.score[1500:].max()


def test_what_is_no_detector_has_no_decoder():
    with pytest.raises(ModelError, match="colour_stripes is not a detector"):
        open_decoder(card("colour_stripes"), None)
