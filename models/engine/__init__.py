"""Inference engines behind one contract; the only package that imports onnxruntime and openvino."""

from dataclasses import replace
from pathlib import Path

from models.engine.choice import candidates, choose, label_of
from models.engine.contract import Engine
from models.engine.exactness import MOST_DEVIATION, deviation
from models.engine.gpu_engine import GpuEngine
from models.engine.host import Host, describe_host
from models.engine.lanes import Lanes
from models.engine.measured import Measured, Measurements
from models.engine.onnxruntime_engine import OnnxruntimeEngine
from models.engine.openvino_engine import OpenvinoEngine
from models.engine.race import Figure, mean_ms, race
from models.engine.settings import AUTOMATIC, EngineChoice, EngineSettings

__all__ = [
    "AUTOMATIC",
    "MOST_DEVIATION",
    "Engine",
    "EngineChoice",
    "EngineSettings",
    "Figure",
    "Host",
    "Measured",
    "Measurements",
    "candidates",
    "choose",
    "describe_host",
    "deviation",
    "label_of",
    "lanes_of",
    "mean_ms",
    "open_engine",
    "race",
]


def lanes_of(settings: EngineSettings) -> int:
    """Return how many rows are inferred at the same time on the CPU."""
    return settings.threads or describe_host().cores


def open_engine(path_or_bytes: Path | bytes, *, settings: EngineSettings) -> Engine:
    """Load an ONNX network whose batch axis is dynamic (`models.batch_axis` makes it so).

    What `settings` leaves to "auto" is settled as for embedding: onnxruntime in fp32. Raises EngineUnavailable when
    this machine lacks what is asked, ModelCorrupt when the engine cannot read the file. On the CPU, `threads` (0: one
    per core) is how many rows are inferred at the same time, each on one thread.
    """
    settled, _ = choose(settings)
    network = path_or_bytes if isinstance(path_or_bytes, bytes) else path_or_bytes.read_bytes()
    if settled.provider != "cpu":
        return GpuEngine(network, settled)
    lanes, alone = lanes_of(settled), replace(settled, threads=1)
    made: Engine = (
        OpenvinoEngine(network, alone, lanes) if settled.engine == "openvino" else OnnxruntimeEngine(network, alone)
    )
    return Lanes(made, lanes) if lanes > 1 else made
