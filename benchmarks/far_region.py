"""People far away, with and without a second look from near: `python -m benchmarks.far_region`.

PETS laid small into a 1080p picture, so that people are 40 to 70 pixels high, as on a wide street. The real way from
picture to detections (`pipeline.analysis.detecting`), once for the whole picture alone and once with the part that
holds the people as the far region of the camera: AP50 of persons, and CPU time a picture. Writes
results/far_region.json.
"""

import json
import sys
import time

import cv2
import numpy as np

from benchmarks.average_precision import average_precision, match
from benchmarks.evaluation_set import SHARED, write_result
from benchmarks.gate_footage import PETS, pictures
from benchmarks.mot_metrics import read_mot
from camera_adapters.frame import Frame
from camera_adapters.site import Camera, Region
from models.detector import load_detector
from models.kinds import Kind
from pipeline.analysis.detecting import Detecting

EVERY = 8
CANVAS, LAID, AT = (1920, 1080), (576, 432), (672, 60)
REGION = Region(AT[0] / CANVAS[0], AT[1] / CANVAS[1], (AT[0] + LAID[0]) / CANVAS[0], (AT[1] + LAID[1]) / CANVAS[1])


def wide(picture: np.ndarray, number: int, input_size: tuple[int, int]) -> Frame:
    full = np.full((CANVAS[1], CANVAS[0], 3), 110, np.uint8)
    small = cv2.resize(picture, LAID, interpolation=cv2.INTER_AREA)
    full[AT[1] : AT[1] + LAID[1], AT[0] : AT[0] + LAID[0]] = small
    scale = min(input_size[0] / CANVAS[0], input_size[1] / CANVAS[1])
    seen = cv2.resize(full, (round(CANVAS[0] * scale), round(CANVAS[1] * scale)), interpolation=cv2.INTER_AREA)
    return Frame("gate", "s", number, number * 143, seen, CANVAS, lambda: full)


def measured(region: Region | None, frames: list[Frame], truth: list[np.ndarray]) -> dict[str, float]:
    detector = load_detector()
    detecting = Detecting(detector, 0.05, cameras=[Camera("gate", "x", far_region=region)])
    right, scores = [], []
    detecting.detect(frames[:1])
    began = time.process_time()
    for frame, boxes in zip(frames, truth, strict=True):
        (found,) = detecting.detect([frame]).found
        people = found.select(found.class_id == Kind.PERSON.code)
        right.append(match(people.xyxy, boxes))
        scores.append(people.score)
    cpu_ms = (time.process_time() - began) / len(frames) * 1000
    ap50 = average_precision(right, scores, sum(len(boxes) for boxes in truth))
    return {"ap50": round(ap50, 4), "cpu_ms_a_picture": round(cpu_ms, 1)}


def main(_: list[str]) -> int:
    rows = read_mot(SHARED / "data" / "mot" / "PETS09-S2L1" / "gt" / "gt.txt")
    shown, spec = pictures(PETS), load_detector().input
    frames, truth = [], []
    for number in range(0, len(shown), EVERY):
        frames.append(wide(shown[number], number, (spec.width, spec.height)))
        xywh = rows[rows[:, 0] == number + 1][:, 2:6]
        boxes = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
        truth.append((boxes * LAID[0] / shown[0].shape[1] + np.array(AT * 2)).astype(np.float32))
    heights = np.concatenate([boxes[:, 3] - boxes[:, 1] for boxes in truth])
    result: dict[str, object] = {"pictures": len(frames), "median_height_px": round(float(np.median(heights)), 1)}
    result |= {"without": measured(None, frames, truth), "with": measured(REGION, frames, truth)}
    print(json.dumps(result))
    write_result("far_region", result)
    return 0 if result["with"]["ap50"] > result["without"]["ap50"] else 1  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
