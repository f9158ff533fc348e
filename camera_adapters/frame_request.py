"""What the analysis wants of a camera's frames."""

from dataclasses import dataclass, field
from typing import Literal

from camera_adapters.attention import Attention
from camera_adapters.stage_clock import Stopwatch


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """What the analysis wants of every frame.

    fit="stretch": `image` has exactly (height, width) pixels, aspect ratio not kept (SSD networks).
    fit="within": aspect ratio kept, `image` is the largest that fits inside (height, width), never enlarged
    beyond it (letterbox networks; the detector pads). fit="source": no scaling.
    `watch`: where the camera's thread books its CPU time; None: nowhere.
    `attention`: how closely the camera is watched; None: every picture that is due.
    `main`: only the key frames of the main stream are wanted, each decoded alone; the first one, and those that come
    while the attention is not idle.
    """

    width: int
    height: int
    fit: Literal["stretch", "within", "source"] = "stretch"
    watch: Stopwatch | None = field(default=None, repr=False, compare=False)
    attention: Attention | None = field(default=None, repr=False, compare=False)
    main: bool = False

    def lap(self, stage: str) -> None:
        """Book the CPU time of the camera's thread since the last lap on `stage`."""
        if self.watch is not None:
            self.watch.lap(stage)
