"""One picture of one camera at one time, in the size the detector wants, full size on demand."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """`image` is uint8 (h, w, 3) BGR as asked for by the FrameRequest; compared by identity.

    `session` names one unbroken connection to the camera (or one recording); `seq` counts decoded frames in it from 0,
    so analysed frames have gaps. `captured_at_ms` is UTC epoch milliseconds. `source_size` is (width, height) of the
    decoded picture: boxes are always in its pixels. `arrived_s` (time.monotonic, or the adapter's clock) is when the
    picture was there to be decoded: what waits before or after decoding counts as our delay. `late` frames were kept
    while the camera was idle and decoded afterwards. `main` frames come from the main stream beside the analysed
    sub-stream: nobody is followed on them, but their pictures are better.
    """

    camera_id: str
    session: str
    seq: int
    captured_at_ms: int
    image: Image
    source_size: tuple[int, int]
    convert_full: Callable[[], Image] = field(repr=False)
    arrived_s: float = 0.0
    late: bool = False
    convert_part: Callable[[int, int, int, int], Image] | None = field(default=None, repr=False)
    main: bool = False

    @property
    def stream(self) -> str:
        """The name of the stream it came by: its camera's, or that with a mark behind it."""
        return main_stream(self.camera_id) if self.main else self.camera_id

    def full_image(self) -> Image:
        """uint8 (height, width, 3) BGR in source pixels; converted at each call: ask once a frame, only for crops."""
        return self.convert_full()

    def part(self, left: int, top: int, right: int, bottom: int) -> Image:
        """Return a copy, uint8 (bottom - top, right - left, 3) BGR, of source pixels inside the picture.

        Only these pixels are converted where the picture's format allows it: much cheaper than `full_image`.
        """
        if self.convert_part is not None:
            return self.convert_part(left, top, right, bottom)
        return self.full_image()[top:bottom, left:right].copy()


def main_stream(camera_id: str) -> str:
    """Return the name of a camera's main stream; no camera's id has this mark in it."""
    return f"{camera_id}#main"
