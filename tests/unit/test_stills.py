"""The latest picture of a camera: made when it is asked for, kept for when the camera fails."""

import threading

import cv2
import numpy as np
import pytest

from camera_adapters.frame import Frame
from pipeline.stills import KEEP_EVERY_S, Stills


class Shown:
    """Frames of one grey value, counted when they are converted in full."""

    def __init__(self) -> None:
        self.converted = 0

    def frame(self, grey: int, *, late: bool = False, main: bool = False) -> Frame:
        def full() -> np.ndarray:
            self.converted += 1
            return np.full((40, 64, 3), grey, np.uint8)

        small = np.zeros((10, 16, 3), np.uint8)
        return Frame("gate", "s", grey, 1000 + grey, small, (64, 40), full, late=late, main=main)


def grey_of(jpeg: bytes) -> float:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (40, 64, 3), "the pixels of rules"
    return float(picture.mean())


def test_frames_cost_nothing_until_one_is_wanted() -> None:
    now, shown = [0.0], Shown()
    stills = Stills(lambda: now[0])
    for grey in range(10, 60, 10):
        stills.show(shown.frame(grey))
    assert shown.converted == 1, "the first one is kept"
    still = stills.latest("gate", 0.0)
    assert still is not None
    assert (still.captured_at_ms, grey_of(still.jpeg)) == (1010, pytest.approx(10, abs=2))
    stills.show(shown.frame(60))
    now[0] = KEEP_EVERY_S - 1
    stills.show(shown.frame(70))
    assert shown.converted == 2
    now[0] = KEEP_EVERY_S
    stills.show(shown.frame(80))
    assert shown.converted == 3
    assert stills.latest("yard", 0.0) is None


def test_who_asks_gets_the_next_picture_of_the_analysed_stream() -> None:
    shown, stills, answered = Shown(), Stills(lambda: 0.0), []
    stills.show(shown.frame(10))
    asking = threading.Thread(target=lambda: answered.append(stills.latest("gate", 20.0)))
    asking.start()
    while not answered and asking.is_alive():
        stills.show(shown.frame(90, late=True))
        stills.show(shown.frame(95, main=True))
        stills.show(shown.frame(100))
        asking.join(0.005)
    assert answered[0].captured_at_ms == 1100
