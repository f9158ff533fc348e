"""What a vehicle looks like in words: its colour. Only what was measured to be right is offered."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.card import ModelCard
from models.cards import card as card_named
from models.detections import Image
from models.engine import AUTOMATIC, Engine, EngineChoice, EngineSettings
from models.network import load_network
from models.preparation import Preparation
from models.store import ModelStore

COLOURS = ("white", "grey", "yellow", "red", "green", "blue", "black")
MIN_CONFIDENCE = 0.5
_BATCH = 16


class VehicleAttributes:
    """Reads the colour off vehicle crops; safe to share between threads."""

    def __init__(self, card: ModelCard, engine: Engine, choice: EngineChoice, min_confidence: float) -> None:
        self.name = card.name
        self.choice = choice
        self._engine = engine
        self._preparation = Preparation(card.input)
        self._min_confidence = min_confidence

    def read(self, crops: Sequence[Image]) -> list[Mapping[str, str]]:
        """Return {"colour": one of COLOURS} per crop uint8 (h, w, 3) BGR, {} where unsure; raises BadPicture."""
        found: list[Mapping[str, str]] = []
        for start in range(0, len(crops), _BATCH):
            for confidences in self.colour_confidences(crops[start : start + _BATCH]):
                best = int(confidences.argmax())
                found.append({"colour": COLOURS[best]} if confidences[best] >= self._min_confidence else {})
        return found

    def colour_confidences(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """Return float32 (n, 7) in the order of COLOURS, each row adding up to 1; one batch."""
        if not crops:
            return np.empty((0, len(COLOURS)), np.float32)
        blob, _ = self._preparation.batch(crops)
        outputs = self._engine.run({self._engine.input_names[0]: blob})
        return outputs["color"].reshape(len(crops), len(COLOURS))


def load_vehicle_attributes(
    *,
    store: ModelStore | None = None,
    engine: EngineSettings = AUTOMATIC,
    min_confidence: float = MIN_CONFIDENCE,
) -> VehicleAttributes:
    """Load the vehicle attribute network; raises ModelMissing, ModelCorrupt or EngineUnavailable."""
    card = card_named("omz0039")
    network = load_network(card, store or ModelStore(), engine)
    return VehicleAttributes(card, network.engine, network.choice, min_confidence)
