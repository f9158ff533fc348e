"""A fingerprint of what a network computes, for files whose bytes nobody can vouch for."""

import numpy as np

from models.batch_axis import with_dynamic_batch
from models.card import InputLayout
from models.engine import EngineSettings, open_engine
from models.errors import ModelCorrupt

_RELATIVE, _ABSOLUTE = 0.02, 0.005


def probe(network: bytes, layout: InputLayout) -> tuple[float, ...]:
    """Feed a fixed wave pattern and return mean, deviation and middle value of each output, the smallest output first.

    Five significant digits. Other weights or another layout give other numbers; rounding to fp16 does not.
    """
    settings = EngineSettings("onnxruntime", "cpu", "fp32")
    engine = open_engine(with_dynamic_batch(network), settings=settings)
    if engine.input_names != (layout.name,):
        raise ModelCorrupt(f"the network takes {', '.join(engine.input_names)}, its card says {layout.name}")
    c, y, x = np.mgrid[:3, : layout.height, : layout.width].astype(np.float32)
    picture = 127.5 + 127.5 * np.sin(0.05 * x * (c + 1) + 0.03 * y)
    outputs = engine.run({layout.name: picture[None].astype(np.float32)})
    ordered = sorted(outputs.items(), key=lambda item: (item[1].size, item[0]))
    numbers = [f(values.ravel()) for _, values in ordered for f in (np.mean, np.std, lambda v: v[len(v) // 2])]
    return tuple(float(f"{number:.5g}") for number in numbers)


def agrees(found: tuple[float, ...], expected: tuple[float, ...]) -> bool:
    """Tell whether two probes are of the same network."""
    return len(found) == len(expected) and bool(np.allclose(found, expected, _RELATIVE, _ABSOLUTE))
