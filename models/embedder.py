"""How somebody or something looks, as a vector."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from models import colour_stripes
from models.card import ModelCard, Task
from models.cards import card as card_named
from models.choose import best_embedder
from models.detections import Image
from models.embeddings import Embeddings, EmbeddingSpace
from models.engine import AUTOMATIC, Engine, EngineChoice, EngineSettings
from models.errors import UnknownModel
from models.kinds import Kind
from models.network import load_network
from models.preparation import Preparation
from models.store import ModelStore

BATCH = 16


class Embedder(Protocol):
    """Turns crops into vectors of one space; safe to share between threads."""

    name: str
    space: EmbeddingSpace
    choice: EngineChoice

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Embed crops uint8 (h, w, 3) BGR of any size, in order; no crops give vectors (0, d). Raises BadPicture."""
        ...


class NetworkEmbedder:
    """An embedding network, fed 16 crops at a time."""

    def __init__(self, card: ModelCard, engine: Engine, choice: EngineChoice) -> None:
        self.name = card.name
        self.choice = choice
        self.space = EmbeddingSpace(card.name, f"{card.version}-{engine.precision}", card.dim)
        self._engine = engine
        self._preparation = Preparation(card.input)

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Embed crops; see `Embedder.embed`."""
        vectors = np.empty((len(crops), self.space.dim), np.float32)
        for start in range(0, len(crops), BATCH):
            blob, _ = self._preparation.batch(crops[start : start + BATCH])
            outputs = self._engine.run({self._engine.input_names[0]: blob})
            raw = next(iter(outputs.values())).reshape(len(blob), -1)
            # A picture without any structure may give zero: it stays zero and resembles nothing.
            vectors[start : start + len(blob)] = raw / np.linalg.norm(raw, axis=1, keepdims=True).clip(1e-12)
        return Embeddings(vectors, self.space)


class StripesEmbedder:
    """The six-stripe colour histogram."""

    def __init__(self, choice: EngineChoice) -> None:
        self.name = colour_stripes.SPACE.name
        self.choice = choice
        self.space = colour_stripes.SPACE

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Embed crops; see `Embedder.embed`."""
        return Embeddings(colour_stripes.stripes(crops), self.space)


def load_embedder(
    name: str | None = None,
    *,
    kind: Kind = Kind.PERSON,
    store: ModelStore | None = None,
    engine: EngineSettings = AUTOMATIC,
) -> Embedder:
    """Load the named embedder, or the best one for the kind that is on this machine.

    Raises UnknownModel, ModelMissing, ModelCorrupt or EngineUnavailable.
    """
    store = store or ModelStore()
    name, why = (name, f"{name} is configured") if name else best_embedder(kind, store)
    card = card_named(name)
    if card.task != Task.EMBEDDER:
        raise UnknownModel(f"{name} is no embedder: `zhian models list` shows which are")
    if card.family == "histogram":
        return StripesEmbedder(EngineChoice("numpy-cpu-fp32", why))
    network = load_network(card, store, engine)
    choice = EngineChoice(network.choice.label, f"{why}; {network.choice.label}: {network.choice.why}")
    return NetworkEmbedder(card, network.engine, choice)
