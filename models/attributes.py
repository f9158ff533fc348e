"""Attributes of tracklets in words, and what a vehicle looks like: its colour.

Only what was measured to be right is offered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
UNKNOWN = "unknown"
MIN_CONFIDENCE = 0.5
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Attribute:
    """What was read: `value` in words ("unknown" where nothing could be), and its probability 0..1."""

    value: str
    confidence: float


def owners(weights: Sequence[Sequence[float]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for all shots in a row the tracklet each belongs to, int64 (n,), and its weight, float64 (n,)."""
    owner = np.repeat(np.arange(len(weights)), [len(group) for group in weights])
    # A weight of nothing at all would lose the tracklet that has no better shot.
    flat = np.array([max(float(weight), 1e-3) for group in weights for weight in group], np.float64)
    return owner.astype(np.int64), flat


def pooled(
    probabilities: NDArray[np.float32], owner: NDArray[np.int64], weight: NDArray[np.float64], count: int
) -> NDArray[np.float32]:
    """Return float32 (count, ...): the shots' distributions (n, ..., c) merged, adding up to 1 over the last axis.

    The weighted geometric mean: shots of one tracklet err together, so that two of them are no second opinion and do
    not raise the confidence; one that rules a colour out counts. Without any weight all are equally likely.
    """
    shape = (-1,) + (1,) * (probabilities.ndim - 1)
    total = np.zeros((count, *probabilities.shape[1:]), np.float64)
    np.add.at(total, owner, weight.reshape(shape) * np.log(np.maximum(probabilities, 1e-6)))
    share = np.bincount(owner, weight, count).reshape(shape)
    mean = np.exp(total / np.maximum(share, 1e-12))
    merged: NDArray[np.float32] = (mean / mean.sum(axis=-1, keepdims=True)).astype(np.float32)
    return merged


class VehicleAttributes:
    """Reads the colour off vehicle crops; safe to share between threads."""

    def __init__(self, card: ModelCard, engine: Engine, choice: EngineChoice, min_confidence: float) -> None:
        self.name = card.name
        self.choice = choice
        self._engine = engine
        self._preparation = Preparation(card.input)
        self._min_confidence = min_confidence

    def read(
        self, shots: Sequence[Sequence[Image]], weights: Sequence[Sequence[float]]
    ) -> list[Mapping[str, Attribute]]:
        """Return {"colour": one of COLOURS} per tracklet, {} where unsure; raises BadPicture.

        `shots` are the crops of each tracklet, uint8 (h, w, 3) BGR, `weights` how much each of them counts, >= 0.
        """
        crops = [crop for group in shots for crop in group]
        parts = [self.colour_confidences(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        rows = np.concatenate(parts) if parts else np.empty((0, len(COLOURS)), np.float32)
        merged = pooled(rows, *owners(weights), len(shots))
        return [self._colour(row) for row in merged]

    def _colour(self, row: NDArray[np.float32]) -> Mapping[str, Attribute]:
        best = int(row.argmax())
        return {"colour": Attribute(COLOURS[best], float(row[best]))} if row[best] >= self._min_confidence else {}

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
