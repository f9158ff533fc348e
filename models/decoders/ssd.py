"""SSD: offsets to prior boxes, softmax scores (Liu et al., SSD: Single Shot MultiBox Detector, section 2.2)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.card import InputLayout
from models.decoders.candidates import Candidates, scores_by_kind
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
        self._classes = classes

    def decode(self, outputs: Mapping[str, FloatArray], min_score: float) -> Candidates:
        """Decode a batch; only the priors that are sure enough are turned into boxes."""
        count = len(self._size)
        conf = outputs["conf"]
        scores = scores_by_kind(conf.reshape(len(conf), count, -1), self._classes)
        image, prior, kind = np.nonzero(scores >= min_score)
        offsets = outputs["loc"].reshape(len(conf), count, 4)[image, prior] * self._variances[prior]
        centre = self._centre[prior] + offsets[:, :2] * self._size[prior]
        half = self._size[prior] * np.exp(offsets[:, 2:]) / 2
        xyxy = np.concatenate([centre - half, centre + half], axis=1) * self._pixels
        return Candidates(image, kind, scores[image, prior, kind], xyxy)
