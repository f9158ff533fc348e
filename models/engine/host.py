"""What this machine can do."""

import importlib.metadata
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import onnxruntime
import openvino

_CPU_FACTS = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Host:
    """Processor and engines.

    `bf16_units` names the processor's instructions for bfloat16 ("AMX", "AVX-512 BF16", or ""); `bf16` tells whether
    OpenVINO computes in it at all.
    """

    cpu: str
    cores: int
    bf16_units: str
    bf16: bool
    onnxruntime: str
    openvino: str
    providers: tuple[str, ...]


@cache
def describe_host() -> Host:
    """Look once; the answer does not change while the process runs."""
    facts = _CPU_FACTS.read_text("utf-8", "replace") if _CPU_FACTS.exists() else ""
    fields = dict(line.split(":", 1) for line in facts.splitlines() if ":" in line)
    named = {key.strip(): value.strip() for key, value in fields.items()}
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return Host(
        cpu=named.get("model name", "unknown"),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        bf16_units=_bf16_units(named.get("flags", "").split()),
        bf16="BF16" in capabilities,
        onnxruntime=onnxruntime.__version__,  # its distribution has other names: onnxruntime-gpu
        openvino=importlib.metadata.version("openvino"),
        providers=tuple(onnxruntime.get_available_providers()),
    )


def _bf16_units(flags: list[str]) -> str:
    return "AMX" if "amx_bf16" in flags else "AVX-512 BF16" if "avx512_bf16" in flags else ""
