"""Finding people and vehicles in pictures."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.boxes import InputSpec, to_source
from models.card import ModelCard, Task
from models.cards import card as card_named
from models.choose import best_detector
from models.decoders import Decoder, open_decoder
from models.decoders.candidates import Candidates, per_image, suppressed
from models.detections import Detections, Image
from models.engine import AUTOMATIC, Engine, EngineChoice, EngineSettings
from models.errors import UnknownModel
from models.network import load_network
from models.preparation import Preparation
from models.store import ModelStore

MIN_SCORE = 0.05


class Detector:
    """One detection network; safe to share between threads.

    `version` names weights and precision, `choice` says which engine it runs on and why, `input` which picture size
    spares it a resize.
    """

    def __init__(self, card: ModelCard, engine: Engine, decoder: Decoder, choice: EngineChoice) -> None:
        self.name = card.name
        self.version = f"{card.version}-{engine.precision}"
        self.choice = choice
        self._card = card
        self._engine = engine
        self._decoder = decoder
        self._preparation = Preparation(card.input)

    @property
    def elsewhere_s(self) -> float:
        """CPU time spent so far on threads other than the callers', in seconds."""
        return self._engine.elsewhere_s

    @property
    def input(self) -> InputSpec:
        """Width, height and fit of the network's input, in the words of camera_adapters.frame_request.FrameRequest."""
        return self._preparation.spec

    def detect(
        self,
        images: Sequence[Image],
        source_sizes: Sequence[tuple[int, int]] | None = None,
        *,
        min_score: float = MIN_SCORE,
    ) -> list[Detections]:
        """Detect on pictures uint8 (h, w, 3) BGR of any size, all in one batch; one Detections per picture, in order.

        `source_sizes` are the (width, height) of the original pictures when `images` were scaled beforehand: boxes are
        in their pixels. `min_score` is in 0..1. Raises BadPicture.
        """
        if not images:
            return []
        blob, fitted = self._preparation.pixels(images)
        sources = source_sizes or [(image.shape[1], image.shape[0]) for image in images]
        outputs = self._engine.run({self._engine.input_names[0]: blob})
        found = suppressed(self._decoder.decode(outputs, min_score), len(images), self._card.nms_iou)
        return per_image(_in_source(found, np.array(fitted), np.array(sources)), len(images))


def load_detector(
    name: str | None = None, *, store: ModelStore | None = None, engine: EngineSettings = AUTOMATIC
) -> Detector:
    """Load the named detector, or the best one that is on this machine.

    Raises UnknownModel, ModelMissing, ModelCorrupt or EngineUnavailable.
    """
    store = store or ModelStore()
    name, why = (name, f"{name} is configured") if name else best_detector(store)
    card = card_named(name)
    if card.task != Task.DETECTOR:
        raise UnknownModel(f"{name} is no detector: `zhian models list` shows which are")
    network = load_network(card, store, engine)
    priors = np.load(network.files[1])["priors"] if card.family == "ssd" else None
    choice = EngineChoice(network.choice.label, f"{why}; {network.choice.label}: {network.choice.why}")
    return Detector(card, network.engine, open_decoder(card, priors), choice)


def _in_source(found: Candidates, fitted: NDArray[np.int64], sources: NDArray[np.int64]) -> Candidates:
    """Carry boxes to the pixels of their source (batch, 2); what lies outside the picture altogether goes."""
    own = found.image if len(sources) > 1 else slice(None)
    xyxy = to_source(found.xyxy, fitted[own], sources[own])
    solid = np.asarray((xyxy[:, 2:] > xyxy[:, :2]).all(axis=1), np.bool_)
    moved = Candidates(found.image, found.kind, found.score, xyxy)
    return moved if solid.all() else moved.select(solid)
