"""`python -m benchmarks [NAME ...]` runs the named measurements, or all, one after the other."""

import importlib
import sys

NAMES = (
    "detection",
    "embedding",
    "embedder_speed",
    "clothing",
    "tracking",
    "events",
    "rules_speed",
    "batching",
    "engine_rate",
    "exactness",
    "gpu",
    "quantised",
    "archive",
    "archive_kill",
    "search",
    "words",
    "pets_archive",
    "confidence",
    "refining",
    "coat",
    "coverage",
    "trajectory",
    "watch",
    "bus",
    "reconnects",
    "gate",
    "thinning",
    "close_ups",
    "far_region",
    "own_code",
    "cameras_linear",
    "delivery",
    "delivery_faults",
    "demo",
)


def main(argv: list[str]) -> int:
    """Run and return the number of measurements that failed."""
    unknown = [name for name in argv if name not in NAMES]
    if unknown:
        print(f"unknown measurement {', '.join(unknown)}: there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    failed = 0
    for name in argv or NAMES:
        print(f"== {name}", flush=True)
        failed += importlib.import_module(f"benchmarks.{name}").main([]) != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
