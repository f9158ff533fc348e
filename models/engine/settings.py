"""What a caller may ask of the inference engine."""

from dataclasses import dataclass
from typing import Literal

AUTO = "auto"
EngineName = Literal["auto", "onnxruntime", "openvino"]
Provider = Literal["auto", "cpu", "cuda", "tensorrt"]
Precision = Literal["auto", "fp32", "bf16", "tf32"]


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Engine, provider (onnxruntime's GPU providers need its GPU build), precision, threads.

    On the CPU `threads` is how many rows are inferred at the same time, each on one thread; 0: one per core.
    "auto" is decided per host and per task by `models.engine.choice.choose`.
    """

    engine: EngineName = "auto"
    provider: Provider = "auto"
    precision: Precision = "auto"
    threads: int = 0


AUTOMATIC = EngineSettings()


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine a network runs on, for instance `onnxruntime-cpu-fp32`, and why."""

    label: str
    why: str
