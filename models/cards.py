"""All networks zhian knows, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from models.card import ModelCard, Task
from models.detector_cards import DETECTORS
from models.embedder_cards import ATTRIBUTES, EMBEDDERS
from models.errors import UnknownModel

__all__ = ["CARDS", "ModelCard", "Task", "card"]

CARDS: Mapping[str, ModelCard] = MappingProxyType({one.name: one for one in (*DETECTORS, *EMBEDDERS, *ATTRIBUTES)})


def card(name: str) -> ModelCard:
    """Return the card of that name; raises UnknownModel, which lists the names."""
    if name not in CARDS:
        raise UnknownModel(f"no model is called {name}: there are {', '.join(CARDS)}")
    return CARDS[name]
