"""Loads the networks a configuration asks for, each kind with its embedder."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from models.attributes import load_vehicle_attributes
from models.clothing import load_clothing_reader
from models.detector import Detector, load_detector
from models.embedder import Embedder, load_embedder
from models.engine import EngineSettings
from models.errors import ModelMissing
from models.kinds import KINDS, Kind
from models.store import ModelStore
from pipeline.analysis.describe import AttributeReader
from pipeline.archive.contract import ModelUse
from pipeline.settings import ModelSettings


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """The networks of one process."""

    detector: Detector
    embedders: Mapping[Kind, Embedder]
    attributes: Mapping[Kind, AttributeReader]

    def uses(self, since_ms: int) -> list[ModelUse]:
        """Return what an archive notes about the networks its sightings come from."""
        spaces = {embedder.space for embedder in self.embedders.values()}
        noted = [ModelUse("detector", self.detector.name, self.detector.version, since_ms)]
        return noted + [ModelUse("embedder", s.name, s.version, since_ms) for s in sorted(spaces, key=lambda s: s.name)]

    def prepare(self, batch_size: int) -> None:
        """Run each size of batch twice, so that no camera waits.

        Engines compile at first use, a GPU puts its memory in order at the next.
        """
        blank = np.zeros((64, 64, 3), np.uint8)
        for size in (1 << power for power in range(batch_size.bit_length())):
            for _ in range(2):
                self.detector.detect([blank] * size)
        for embedder in dict.fromkeys(self.embedders.values()):
            for size in (1, 2, 4, 8, 16):
                for _ in range(2):
                    embedder.embed([blank] * size)


def engine_settings(models: ModelSettings) -> EngineSettings:
    """Translate the configuration into the engine's words."""
    return EngineSettings(
        engine=models.engine, provider=models.provider, precision=models.precision, threads=models.threads
    )


def load_networks(models: ModelSettings | None = None, store: ModelStore | None = None) -> Networks:
    """Load detector, embedders, clothing colours and, where fetched, the vehicle attributes; raises ModelError."""
    models = models or ModelSettings()
    store = store or ModelStore()
    engine = engine_settings(models)
    # Crops come a few at a time, between pictures: the other cores have those to work on.
    alone = replace(engine, threads=models.threads or 1)
    named = {Kind.PERSON: models.person_embedder}
    embedders = {kind: load_embedder(named.get(kind), kind=kind, store=store, engine=alone) for kind in KINDS}
    attributes: dict[Kind, AttributeReader] = {Kind.PERSON: load_clothing_reader(store=store, engine=alone)}
    with suppress(ModelMissing):
        attributes[Kind.MOTOR_VEHICLE] = load_vehicle_attributes(store=store, engine=alone)
    return Networks(load_detector(models.detector, store=store, engine=engine), embedders, attributes)
