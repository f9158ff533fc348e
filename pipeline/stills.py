"""The latest picture of each camera, for people who draw rules on it: made when somebody asks, and now and then."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from camera_adapters.frame import Frame
from models.pictures import encode_jpeg

KEEP_EVERY_S = 600.0  # so that a camera that fails still has a picture to draw on
WAIT_S = 4.0  # longer than an idle camera takes to show a frame


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A JPEG in the pixels of the analysed stream, which are those of rules; `captured_at_ms` is UTC epoch ms."""

    captured_at_ms: int
    jpeg: bytes


class Stills:
    """Cameras `show` their frames on their own threads, which costs nothing until one is wanted; others ask `latest`.

    Kept in memory only: one JPEG a camera.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._news = threading.Condition()
        self._kept: dict[str, Still] = {}
        self._due_s: dict[str, float] = {}

    def show(self, frame: Frame) -> None:
        """Take a frame if one of its camera is wanted now; those of a main stream or of the past are not."""
        if frame.main or frame.late:
            return
        now_s = self._clock()
        with self._news:
            if now_s < self._due_s.get(frame.camera_id, now_s):
                return
            self._due_s[frame.camera_id] = now_s + KEEP_EVERY_S
        still = Still(frame.captured_at_ms, encode_jpeg(frame.full_image()))
        with self._news:
            self._kept[frame.camera_id] = still
            self._news.notify_all()

    def latest(self, camera_id: str, wait_s: float = WAIT_S) -> Still | None:
        """Return the next picture if it comes within `wait_s`, else the last one kept, None when there is none."""
        with self._news:
            before = self._kept.get(camera_id)
            self._due_s.pop(camera_id, None)
            self._news.wait_for(lambda: self._kept.get(camera_id) is not before, wait_s)
            return self._kept.get(camera_id)
