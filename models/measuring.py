"""Which engine this machine runs a detector on: measured once, kept beside the fetched networks."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.card import ModelCard, Task
from models.engine import (
    AUTOMATIC,
    EngineChoice,
    EngineSettings,
    Measured,
    Measurements,
    candidates,
    choose,
    label_of,
    lanes_of,
    open_engine,
    race,
)
from models.errors import EngineUnavailable, UnknownModel
from models.picture_network import as_run
from models.store import ModelStore


def settle(
    card: ModelCard, network: bytes, store: ModelStore, settings: EngineSettings
) -> tuple[EngineSettings, EngineChoice]:
    """Choose the engine of a network by what was measured of it before; raises EngineUnavailable."""
    if card.task != Task.DETECTOR:
        return choose(settings)
    known = Measurements(store.home).of(_digest(network), lanes_of(settings))
    return choose(settings, for_detection=True, measured=known.figures if known else ())


def is_open(card: ModelCard, store: ModelStore, settings: EngineSettings, batch: int) -> bool:
    """Tell whether measuring could change which engine the detector runs on, and was not done yet.

    Raises ModelMissing or ModelCorrupt.
    """
    if len(candidates(settings)) < 2:
        return False
    known = Measurements(store.home).of(_digest(store.path(card)[0].read_bytes()), lanes_of(settings))
    return known is None or known.batches != _batches(batch)


def measure(
    card: ModelCard,
    store: ModelStore,
    settings: EngineSettings = AUTOMATIC,
    batch: int = 8,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Measured:
    """Time a detector on everything this machine has, one row and `batch` rows at a time, and keep the figures.

    Takes a few seconds. A GPU that does not start is left out. Raises UnknownModel for what is no detector,
    ModelMissing, ModelCorrupt, or OSError where the figures cannot be written.
    """
    if card.task != Task.DETECTOR:
        raise UnknownModel(f"{card.name} is no detector: `zhian models list` shows which are")
    network = store.path(card)[0].read_bytes()
    opened = replace(AUTOMATIC, threads=settings.threads)
    made = as_run(card, network)
    rows = np.random.default_rng(0).integers(0, 256, (batch, card.input.height, card.input.width, 3), np.uint8)
    runs: dict[str, Callable[[int], object]] = {}
    for one in candidates(opened):
        try:
            runs[label_of(one)] = _runner(made, one, rows)
        except EngineUnavailable:
            continue
    measured = Measured(_digest(network), lanes_of(settings), race(runs, _batches(batch), clock=clock))
    Measurements(store.home).keep(measured)
    return measured


def _runner(network: bytes, settings: EngineSettings, rows: NDArray[np.uint8]) -> Callable[[int], object]:
    engine = open_engine(network, settings=settings)
    return lambda n: engine.run({engine.input_names[0]: rows[:n]})


def _batches(batch: int) -> tuple[int, ...]:
    return tuple(sorted({1, batch}))


def _digest(network: bytes) -> str:
    return hashlib.sha256(network).hexdigest()
