"""How many more cameras a running zhian can take, from its own counters."""

from collections.abc import Mapping
from dataclasses import dataclass

_USABLE = 0.9  # of the cores: searches and the system need the rest


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of /metrics: by name and labels as they stand there."""

    at_s: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the cameras cost now and how many more like them fit; 0 while frames are lost. Cores are this process's."""

    cameras: int
    cores: float
    used_cores: float
    cores_per_camera: float
    dropped: int
    latency_p95_ms: float | None
    more: int


def parse_metrics(text: str) -> dict[str, float]:
    """Return the samples of Prometheus text; lines that are none are left out."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name and not line.startswith("#"):
            try:
                found[name] = float(value)
            except ValueError:
                continue
    return found


def plan(first: Reading, last: Reading) -> Plan | None:
    """Compare two readings some seconds apart; None where no camera is live or the counters are missing."""
    before, after, passed_s = first.values, last.values, last.at_s - first.at_s
    live = sum(value for name, value in after.items() if name.startswith("zhian_camera_state{") and '"live"' in name)
    cores, cpu = after.get("zhian_cpu_cores"), "zhian_cpu_seconds_total"
    if not live or cores is None or cpu not in after or cpu not in before or passed_s <= 0:
        return None
    used = (after[cpu] - before[cpu]) / passed_s
    lost = ("zhian_camera_frames_dropped_total{", "zhian_camera_frames_thinned_total{")
    dropped = sum(value - before.get(name, 0.0) for name, value in after.items() if name.startswith(lost))
    delays = [v for n, v in after.items() if n.startswith("zhian_camera_latency_seconds{") and '"0.95"' in n]
    each = used / live
    room = int((_USABLE * cores - used) / each) if each > 0 else 0
    return Plan(
        cameras=int(live),
        cores=cores,
        used_cores=round(used, 3),
        cores_per_camera=round(each, 4),
        dropped=int(dropped),
        latency_p95_ms=round(1000 * max(delays), 1) if delays else None,
        more=0 if dropped else max(0, room),
    )
