"""Which machine a figure was measured on."""

import os
import platform
from pathlib import Path


def machine() -> str:
    """Return processor and cores, for instance `Intel(R) Xeon(R) Processor, 2 cores`."""
    return f"{_processor()}, {os.cpu_count()} cores"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.machine()
