"""Which engine this machine runs a detector on: measured once, kept beside the fetched networks."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.card import ModelCard, Task
from models.engine import (
    AUTOMATIC,
    Engine,
    EngineChoice,
    EngineSettings,
    Measured,
    Measurements,
    candidates,
    choose,
    deviation,
    label_of,
    lanes_of,
    open_engine,
    race,
)
from models.errors import EngineUnavailable, UnknownModel
from models.picture_network import as_run
from models.store import ModelStore

_LOOKED_AT = 2  # rows


def settle(
    card: ModelCard, network: bytes, store: ModelStore, settings: EngineSettings
) -> tuple[EngineSettings, EngineChoice]:
    """Choose the engine of a network by what was measured of it before; raises EngineUnavailable."""
    if card.task != Task.DETECTOR:
        return choose(settings)
    known = Measurements(store.home).of(_digest(network), lanes_of(settings))
    if known is None:
        return choose(settings, for_detection=True)
    return choose(settings, for_detection=True, measured=known.figures, inexact=known.inexact)


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

    How far each is from onnxruntime in fp32 is kept too: what is fast and wrong is not chosen. Takes a few seconds. A
    GPU that does not start is left out. Raises UnknownModel for what is no detector, ModelMissing, ModelCorrupt, or
    OSError where the figures cannot be written.
    """
    if card.task != Task.DETECTOR:
        raise UnknownModel(f"{card.name} is no detector: `zhian models list` shows which are")
    network = store.path(card)[0].read_bytes()
    opened = replace(AUTOMATIC, threads=settings.threads)
    made = as_run(card, network)
    rows = np.random.default_rng(0).integers(0, 256, (batch, card.input.height, card.input.width, 3), np.uint8)
    engines: dict[str, Engine] = {}
    for one in candidates(opened):
        try:
            engines[label_of(one)] = open_engine(made, settings=one)
        except EngineUnavailable:
            continue
    deviations = _deviations(engines, rows[:_LOOKED_AT])
    runs = {label: _runner(engine, rows) for label, engine in engines.items()}
    figures = race(runs, _batches(batch), clock=clock)
    measured = Measured(_digest(network), lanes_of(settings), figures, deviations)
    Measurements(store.home).keep(measured)
    return measured


def _deviations(engines: Mapping[str, Engine], rows: NDArray[np.uint8]) -> dict[str, float]:
    """Return by label how far each engine's outputs are from those of the first, which is onnxruntime in fp32."""
    found = {label: engine.run({engine.input_names[0]: rows}) for label, engine in engines.items()}
    exact = next(iter(found.values()))
    return {label: round(deviation(outputs, exact), 6) for label, outputs in found.items()}


def _runner(engine: Engine, rows: NDArray[np.uint8]) -> Callable[[int], object]:
    return lambda n: engine.run({engine.input_names[0]: rows[:n]})


def _batches(batch: int) -> tuple[int, ...]:
    return tuple(sorted({1, batch}))


def _digest(network: bytes) -> str:
    return hashlib.sha256(network).hexdigest()
