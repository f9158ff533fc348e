"""SSD: offsets to prior boxes, softmax scores (Liu et al., SSD: Single Shot MultiBox Detector, section 2.2)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.card import InputLayout
from models.decoders.candidates import Candidates, kind_codes, sure
from models.kinds import Kind

FloatArray = NDArray[np.float32]


class SsdDecoder:
    """Outputs `loc` (n, p * 4) and `conf` (n, p * c), softmax applied; priors (1, 2, p * 4).

    Row 0 of the priors holds corners in 0..1, row 1 the variances; offsets are centre and size, in variances.
    """

    def __init__(self, priors: FloatArray, layout: InputLayout, classes: Mapping[Kind, tuple[int, ...]]) -> None:
        corners, variances = priors.reshape(2, -1, 4).astype(np.float32)
        self._size = corners[:, 2:] - corners[:, :2]
        self._centre = (corners[:, 2:] + corners[:, :2]) / 2
        self._variances = variances
        self._pixels = np.array([layout.width, layout.height] * 2, np.float32)
        self._columns, self._codes = kind_codes(classes)

    def decode(self, outputs: Mapping[str, FloatArray], min_score: float) -> Candidates:
        """Decode a batch; only the priors that are sure enough are turned into boxes."""
        count, conf = len(self._size), outputs["conf"]
        # The background, which has no kind, is sure nearly everywhere.
        scores = conf.reshape(len(conf) * count, -1).take(self._columns, axis=1)
        place, kind, score = sure(scores, self._codes, min_score)
        image, prior = np.divmod(place, count)
        offsets = outputs["loc"].reshape(len(conf) * count, 4)[place] * self._variances[prior]
        centre = self._centre[prior] + offsets[:, :2] * self._size[prior]
        half = self._size[prior] * np.exp(offsets[:, 2:]) / 2
        xyxy = np.concatenate([centre - half, centre + half], axis=1) * self._pixels
        return Candidates(image, kind, score, xyxy)
