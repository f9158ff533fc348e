"""From a card to a running network."""

from dataclasses import dataclass
from pathlib import Path

from models.card import ModelCard
from models.engine import Engine, EngineChoice, EngineSettings, open_engine
from models.measuring import settle
from models.picture_network import as_run
from models.store import ModelStore


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A loaded network: its engine, why that engine, and its files on disk."""

    engine: Engine
    choice: EngineChoice
    files: tuple[Path, ...]


def load_network(card: ModelCard, store: ModelStore, settings: EngineSettings) -> Network:
    """Check the card's files, free the batch axis and start the engine.

    Raises ModelMissing, ModelCorrupt or EngineUnavailable.
    """
    files = store.path(card)
    network = files[0].read_bytes()
    settled, choice = settle(card, network, store, settings)
    engine = open_engine(as_run(card, network), settings=settled)
    return Network(engine, choice, files)
