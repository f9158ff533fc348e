"""From the files of an official release to the files of the model store."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.card import Arrival, ModelCard
from models.conversion.converter import convert_ir
from models.conversion.probe import agrees, probe
from models.errors import ModelCorrupt


def store_files(card: ModelCard, arrival: Arrival, arrived: Sequence[Path]) -> list[bytes]:
    """Return the contents of `card.files`, in their order, made from what arrived.

    The result is not the mirror's file byte for byte; that it is the same network is shown by the card's probe.
    Raises ModelCorrupt.
    """
    if arrival == "onnx":
        contents = [arrived[0].read_bytes()]
    else:
        converted = convert_ir(arrived[0], arrived[1])
        contents = [converted.network]
        if converted.priors is not None:
            contents.append(_npz(converted.priors))
    if len(contents) != len(card.files):
        raise ModelCorrupt(f"the release of {card.name} gives {len(contents)} files instead of {len(card.files)}")
    if not agrees(probe(contents[0], card.input), card.probe):
        raise ModelCorrupt(f"the release of {card.name} computes something else than its card expects")
    return contents


def _npz(priors: NDArray[np.float32]) -> bytes:
    held = io.BytesIO()
    np.savez(held, priors=priors)
    return held.getvalue()
