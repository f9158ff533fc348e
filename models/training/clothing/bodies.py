"""Where trunk, thighs and shins are in unlabelled crops, drawn from the keypoints of a pose network (MoveNet)."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from models.clothing.preparation import HEIGHT, WIDTH
from models.detections import Image
from models.engine import AUTOMATIC, Engine, open_engine
from models.pictures import read_picture
from models.training.clothing.network import SHIN, THIGH, TRUNK

FloatArray = NDArray[np.float32]
_ROWS, _COLUMNS = 192, 96
_POSE_ROWS, _POSE_COLUMNS, _MARGIN = 256, 192, 16
_SHOULDERS, _HIPS, _KNEES, _ANKLES = (5, 6), (11, 12), (13, 14), (15, 16)
_SUB = 3  # binary digits of a pixel's fraction when drawing


def load_pose(file: Path) -> Engine:
    """Open `movenet_multipose.onnx`: its int32 input becomes float32, as the engines' contract has it."""
    model = onnx.load(str(file))
    name = model.graph.input[0].name
    model.graph.node.insert(0, helper.make_node("Cast", ["picture"], [name], to=onnx.TensorProto.INT32))
    shape = [None, None, None, 3]
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("picture", onnx.TensorProto.FLOAT, shape))
    return open_engine(model.SerializeToString(), settings=AUTOMATIC)


def keypoints(pose: Engine, crop: Image) -> tuple[FloatArray, float]:
    """Return 17 × (x, y, score), pixels of a crop of 96 × 192, of the person in the middle, and the score of it."""
    height, width = crop.shape[:2]
    scale = min((_POSE_ROWS - _MARGIN) / height, (_POSE_COLUMNS - 2 * _MARGIN) / width)
    rows, columns = round(height * scale), round(width * scale)
    top, left = (_POSE_ROWS - rows) // 2, (_POSE_COLUMNS - columns) // 2
    frame = np.full((_POSE_ROWS, _POSE_COLUMNS, 3), 110, np.uint8)
    frame[top : top + rows, left : left + columns] = cv2.resize(crop, (columns, rows))
    found = pose.run({"picture": frame[None, :, :, ::-1].astype(np.float32)})[pose.output_names[0]].reshape(6, 56)
    size = np.sqrt(np.maximum((found[:, 53] - found[:, 51]) * (found[:, 54] - found[:, 52]), 0))
    central = 1 - np.abs((found[:, 52] + found[:, 54]) / 2 - 0.5)
    best = int((found[:, 55] * size * central).argmax())
    points = found[best, :51].reshape(17, 3)
    x = (points[:, 1] * _POSE_COLUMNS - left) / columns * _COLUMNS
    y = (points[:, 0] * _POSE_ROWS - top) / rows * _ROWS
    return np.stack([x, y, points[:, 2]], 1).astype(np.float32), float(found[best, 55])


def part_shares(points: FloatArray) -> FloatArray | None:
    """Return float32 (4, HEIGHT / 2, WIDTH / 2): each cell's share of ground, trunk, thighs and shins.

    What lies just outside the drawn parts has no share at all: it may be cloth. None without a clear upright body.
    """
    sure = points[:, 2]
    place = points[:, :2]
    if sure[[*_SHOULDERS, *_HIPS]].min() < 0.3 or sure[list(_KNEES)].min() < 0.25:
        return None
    shoulder, hip = place[list(_SHOULDERS)].mean(0), place[list(_HIPS)].mean(0)
    trunk = float(np.linalg.norm(shoulder - hip))
    if trunk < 25 or hip[1] < shoulder[1] + 20:
        return None
    drawn = np.zeros((_ROWS, _COLUMNS), np.uint8)
    for knee, ankle in zip(_KNEES, _ANKLES, strict=True):
        if sure[ankle] > 0.2:
            _capsule(drawn, place[knee], place[ankle], 0.10 * trunk, SHIN)
    for hip_at, knee in zip(_HIPS, _KNEES, strict=True):
        _capsule(drawn, place[hip_at], place[knee], 0.15 * trunk, THIGH)
    _draw_trunk(drawn, place, shoulder, hip, trunk)
    unsure = cv2.dilate((drawn > 0).astype(np.uint8), np.ones((7, 7), np.uint8)) > (drawn > 0)
    planes = [((drawn == part) & ~(unsure if part == 0 else False)).astype(np.float32) for part in range(4)]
    size = (WIDTH // 2, HEIGHT // 2)
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])


def _draw_trunk(drawn: Image, place: FloatArray, shoulder: FloatArray, hip: FloatArray, trunk: float) -> None:
    if np.linalg.norm(place[5] - place[6]) / 2 > 0.2 * trunk:
        corners = place[[5, 6, 12, 11]]
        middle = corners.mean(0)
        inner = middle + (corners - middle) * np.array([0.95, 0.88], np.float32)
        cv2.fillConvexPoly(drawn, np.round(inner).astype(np.int32), TRUNK)
    down = hip - shoulder
    _capsule(drawn, shoulder + 0.20 * down, shoulder + 0.85 * down, 0.17 * trunk, TRUNK)


def _capsule(drawn: Image, start: FloatArray, end: FloatArray, radius: float, part: int) -> None:
    ends = [tuple(round(float(v) * 2**_SUB) for v in point) for point in (start, end)]
    cv2.line(drawn, ends[0], ends[1], part, max(1, round(2 * radius)), cv2.LINE_8, _SUB)


def bodies(files: Sequence[Path], pose: Engine) -> tuple[Image, FloatArray]:
    """Return uint8 (n, HEIGHT, WIDTH, 3) BGR and the part shares (n, 4, HEIGHT / 2, WIDTH / 2) of the clear crops."""
    pictures, shares = [], []
    for file in files:
        crop = read_picture(file)
        points, score = keypoints(pose, crop)
        found = part_shares(points) if score >= 0.25 else None
        if found is not None:
            pictures.append(cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
            shares.append(found)
    return np.stack(pictures), np.stack(shares)
