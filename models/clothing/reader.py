"""Reads clothing colours off the shots of a tracklet with the bundled network.

What the network does with a crop, and how well: `models/weights/clothing/MODEL_CARD.md`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.attributes import UNKNOWN, Attribute, owners, pooled
from models.card import ModelCard
from models.cards import card as card_named
from models.clothing.colours import COLOURS
from models.clothing.preparation import blob, readable
from models.detections import Image
from models.engine import AUTOMATIC, Engine, EngineChoice, EngineSettings
from models.network import load_network
from models.store import ModelStore

UPPER, LOWER = "upper_colour", "lower_colour"
PARTS = (UPPER, LOWER)
_BATCH = 32


class ClothingReader:
    """Names the colours of upper and lower clothing; safe to share between threads."""

    def __init__(self, card: ModelCard, engine: Engine, choice: EngineChoice) -> None:
        self.name = card.name
        self.choice = choice
        self._engine = engine

    def read(
        self, shots: Sequence[Sequence[Image]], weights: Sequence[Sequence[float]]
    ) -> list[Mapping[str, Attribute]]:
        """Return UPPER and LOWER of each tracklet: one of COLOURS, or UNKNOWN with confidence 0.

        `shots` are the crops of each tracklet, uint8 (h, w, 3) BGR of any size, at least one; `weights` say how much
        each of them counts, >= 0. A shot that shows nothing has no say; UNKNOWN is given where none shows anything.
        The confidence, 0..1, is the probability of the colour. Raises BadPicture.
        """
        crops = [crop for group in shots for crop in group]
        probabilities, shown = self.probabilities(crops)
        owner, weight = owners(weights)
        merged = pooled(probabilities, owner, weight * shown, len(shots))
        seen = np.bincount(owner[shown], minlength=len(shots)) > 0
        return [_named(rows) if known else _nothing() for rows, known in zip(merged, seen, strict=True)]

    def probabilities(self, crops: Sequence[Image]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return float32 (n, 2, 12), upper and lower over COLOURS, adding up to 1, and bool (n,): shows something.

        Raises BadPicture.
        """
        parts = [self._batch(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        if not parts:
            return np.empty((0, len(PARTS), len(COLOURS)), np.float32), np.empty(0, np.bool_)
        return np.concatenate([part for part, _ in parts]), np.concatenate([shown for _, shown in parts])

    def _batch(self, crops: Sequence[Image]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        fitted = blob(crops)
        outputs = self._engine.run({self._engine.input_names[0]: fitted})
        return outputs[self._engine.output_names[0]], readable(crops, fitted)


def _named(rows: NDArray[np.float32]) -> Mapping[str, Attribute]:
    best = rows.argmax(axis=1)
    return {
        part: Attribute(COLOURS[at], float(min(row[at], 1.0))) for part, at, row in zip(PARTS, best, rows, strict=True)
    }


def _nothing() -> Mapping[str, Attribute]:
    return dict.fromkeys(PARTS, Attribute(UNKNOWN, 0.0))


def load_clothing_reader(*, store: ModelStore | None = None, engine: EngineSettings = AUTOMATIC) -> ClothingReader:
    """Load the bundled clothing network; raises ModelCorrupt or EngineUnavailable."""
    card = card_named("clothing")
    network = load_network(card, store or ModelStore(), engine)
    return ClothingReader(card, network.engine, network.choice)
