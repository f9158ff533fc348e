"""From a detector's raw outputs to boxes; one file per output family."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.card import ModelCard
from models.decoders.candidates import Candidates
from models.decoders.gfl import GflDecoder
from models.decoders.ssd import SsdDecoder
from models.decoders.yolox import YoloxDecoder
from models.errors import ModelError

__all__ = ["Candidates", "Decoder", "open_decoder"]

FloatArray = NDArray[np.float32]


class Decoder(Protocol):
    """Decodes a whole batch at once: outputs by name, batch on axis 0, in; boxes in input pixels out."""

    def decode(self, outputs: Mapping[str, FloatArray], min_score: float) -> Candidates:
        """Return every box whose score is at least `min_score`, before suppression."""
        ...


def open_decoder(card: ModelCard, priors: FloatArray | None) -> Decoder:
    """Return the decoder of the card's family; SSD networks need their priors (1, 2, p * 4)."""
    if card.family == "ssd" and priors is not None:
        return SsdDecoder(priors, card.input, card.classes)
    if card.family == "yolox":
        return YoloxDecoder(card.input, card.classes)
    if card.family == "gfl":
        return GflDecoder(card.input, card.classes)
    raise ModelError(f"{card.name} is not a detector that can be decoded here")
