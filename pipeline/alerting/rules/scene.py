"""What a rule is shown of one moment, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.detections import Image
from pipeline.alerting.alert import Fact

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """Everything that may be there: doubtful and hidden objects of all kinds included. Arrays as in `Scene`."""

    track_id: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    class_id: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    xyxy: Array = field(default_factory=lambda: np.empty((0, 4)))


NOTHING = Around()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The n objects of one camera at one moment; compared by identity.

    `frame` counts from 1 in the recording or session, `t_ms` rises with it (any origin). track_id int64 (n,), unique;
    class_id int64 (n,), index into `models.kinds.KINDS`; xyxy float64 (n, 4) and frame_size (width, height) in source
    pixels. `ended` are the tracks that will never be shown again; one that is only hidden is neither shown nor ended.
    `image` is the whole picture, uint8 (h, w, 3) BGR in any size; None where nobody kept it. `around`: see there.
    """

    frame: int
    t_ms: int
    track_id: IntArray
    class_id: IntArray
    xyxy: Array
    frame_size: tuple[int, int]
    ended: tuple[int, ...] = ()
    image: Image | None = None
    around: Around = NOTHING

    def __len__(self) -> int:
        return len(self.track_id)

    @property
    def foot(self) -> Array:
        """Bottom centre (n, 2) of each box: where the object stands."""
        return np.column_stack([(self.xyxy[:, 0] + self.xyxy[:, 2]) / 2.0, self.xyxy[:, 3]])

    @property
    def height(self) -> Array:
        """Height (n,) of each box in pixels, at least 1."""
        return np.maximum(self.xyxy[:, 3] - self.xyxy[:, 1], 1.0)

    def select(self, mask: NDArray[np.bool_]) -> "Scene":
        """Return the scene with the chosen objects only."""
        return replace(self, track_id=self.track_id[mask], class_id=self.class_id[mask], xyxy=self.xyxy[mask])


@dataclass(frozen=True, slots=True)
class Event:
    """What a rule noticed.

    `frame` and `t_ms` say when it happened, which may be before the scene that made it certain: for a zone they are
    those of the entry. `track_id` is 0 when no single track is meant. `direction` is "+", "-" or "". `facts` are
    details to show. `notable` is false for what is counted and nobody needs to be told of.
    """

    rule: str
    kind: str
    track_id: int
    frame: int
    t_ms: int
    direction: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    notable: bool = True
