"""How closely a camera is to be watched."""

from typing import Protocol

from camera_adapters.frame import Frame


class Attention(Protocol):
    """Told by the analysis, asked on the camera's thread.

    While `idle`, an adapter may decode key frames only. It shows each to `glance`; when that says something may be
    going on it decodes what it kept since the key frame before, so that nothing between the two is missed.
    """

    @property
    def idle(self) -> bool:
        """True while nothing is expected to move."""
        ...

    @property
    def refused(self) -> bool:
        """True while this machine has no room for the camera: its adapter raises Overloaded."""
        ...

    def glance(self, frame: Frame) -> bool:
        """Look at a key frame of an idle camera; True ends the idleness."""
        ...
