"""What has come to rest in front of a fixed camera that was not there before: two models of the background.

After the dual background idea of Porikli et al. (2008), with plain stability in place of two learning rates: every
pixel remembers its latest value and for how long that has been steady. The first steady value is the background; a
steady value that differs from it is something that was put there, or taken away.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Image

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
Box = tuple[int, int, int, int]
_DRIFT_EVERY = 4  # looks for one grey value: light that changes faster is a change


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """One connected change in a picture of (height, width) `shape`.

    box: left, top, right, bottom, the last two exclusive; mask (h, w): its pixels inside the box. steady_s: for how
    long it has been steady. appeared: something was put there, else something was taken away.
    """

    box: Box
    mask: BoolArray
    shape: tuple[int, int]
    steady_s: float
    appeared: bool


@dataclass(slots=True, eq=False)
class StillPicture:
    """The two models of one camera, in a small picture of (height, width) `shape`.

    tolerance: difference of a colour channel (0..255) that is noise; change: one that is a change. settle_s: how long a
    pixel must be steady to count. Slow changes of light are learned; when more than `flood` of the picture changes at
    once the light was switched or the camera moved, and all is learned anew.
    """

    shape: tuple[int, int]
    tolerance: int = 18
    change: int = 25
    settle_s: float = 3.0
    flood: float = 0.35
    _latest: Image = field(init=False)
    _background: Image = field(init=False)
    _looks: int = field(init=False, default=0)
    _steady_s: FloatArray = field(init=False)
    _known: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        """Know nothing."""
        self._latest = np.zeros((*self.shape, 3), np.uint8)
        self._background = np.zeros((*self.shape, 3), np.uint8)
        self._steady_s = np.zeros(self.shape, np.float32)
        self._known = np.zeros(self.shape, np.bool_)

    def show(self, picture: Image, dt_s: float, busy: BoolArray, least: float, most: float) -> list[Patch]:
        """Take the next picture, uint8 (height, width, 3) BGR, `dt_s` after the last; return what changed and rests.

        busy (height, width): where people and vehicles are, who hide what is behind them: nothing is learned there.
        least and most: how many pixels a patch must have.
        """
        now = cv2.blur(picture, (3, 3))
        free = ~busy
        steady = _apart(now, self._latest) < self.tolerance
        self._steady_s[free & steady] += np.float32(dt_s)
        moved = free & ~steady
        self._steady_s[moved] = 0.0
        _put(now, moved, self._latest)
        settled = self._steady_s >= self.settle_s
        first = settled & ~self._known
        _put(self._latest, first, self._background)
        self._known |= first
        changed = settled & (_apart(self._latest, self._background) > self.change)
        if changed.mean() > self.flood:
            self._known[:] = False
            return []
        self._drift(now, free & steady, settled & ~changed)
        return self._patches(changed, least, most)

    def _drift(self, now: Image, steady: BoolArray, same: BoolArray) -> None:
        """Follow slow changes of light, a step of one grey value at most."""
        self._looks += 1
        if self._looks % _DRIFT_EVERY == 0:
            _put(_towards(self._latest, now), steady, self._latest)
            _put(_towards(self._background, self._latest), same, self._background)

    def _patches(self, changed: BoolArray, least: float, most: float) -> list[Patch]:
        mask = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        found = []
        sizes = stats[:, cv2.CC_STAT_AREA]
        for label in 1 + np.flatnonzero((sizes[1:] >= least) & (sizes[1:] <= most)):
            x, y, w, h = (int(v) for v in stats[label, :4])
            if x == 0 or y == 0 or x + w == mask.shape[1] or y + h == mask.shape[0]:
                continue  # half of it is out of sight: nobody can say what it is
            inside = labels[y : y + h, x : x + w] == label
            steady_s = float(np.median(self._steady_s[y : y + h, x : x + w][inside]))
            box = (x, y, x + w, y + h)
            found.append(Patch(box, inside, self.shape, steady_s, self._appeared(box, inside)))
        return found

    def _appeared(self, box: Box, inside: BoolArray) -> bool:
        """Tell whether what surrounds the patch looks more like its background than like what rests there now."""
        x1, y1, x2, y2 = box
        height, width = self.shape
        left, top, right, bottom = max(x1 - 5, 0), max(y1 - 5, 0), min(x2 + 5, width), min(y2 + 5, height)
        whole = np.zeros((bottom - top, right - left), np.uint8)
        whole[y1 - top : y2 - top, x1 - left : x2 - left] = inside
        near = cv2.dilate(whole, np.ones((3, 3), np.uint8))  # its blurred edge belongs to neither
        ring = (cv2.dilate(near, np.ones((7, 7), np.uint8)) - near).astype(bool)
        within, latest = whole.astype(bool), self._latest[top:bottom, left:right].astype(np.float32)
        before = self._background[top:bottom, left:right].astype(np.float32)
        around = latest[ring]
        to_before = np.abs(around - before[within].mean(axis=0)).sum(axis=1)
        to_now = np.abs(around - latest[within].mean(axis=0)).sum(axis=1)
        return bool((to_before <= to_now).mean() >= 0.5)


def _put(values: Image, where: BoolArray, into: Image) -> None:
    """Copy colours where the mask says so, in place."""
    cv2.copyTo(values, where.view(np.uint8), into)


def _towards(old: Image, new: Image) -> Image:
    """Return `old`, every channel one grey value nearer to `new`."""
    one = (1, 1, 1, 0)
    return np.asarray(cv2.min(cv2.max(new, cv2.subtract(old, one)), cv2.add(old, one)), np.uint8)


def _apart(a: Image, b: Image) -> Image:
    """Greatest difference of a channel, uint8 (height, width)."""
    blue, green, red = cv2.split(cv2.absdiff(a, b))
    return np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)
