"""What was measured on this machine, kept in a file until machine, engines or network change."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from models.engine.exactness import MOST_DEVIATION
from models.engine.host import Host, describe_host
from models.engine.race import Figure

_NAME = "engines.json"


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one network, taken with so many threads; `network` is the sha256 of its file.

    `deviations` says by label how far the outputs were from onnxruntime's in fp32 (`models.engine.deviation`).
    """

    network: str
    threads: int
    figures: tuple[Figure, ...]
    deviations: Mapping[str, float] = field(default_factory=dict)

    @property
    def batches(self) -> tuple[int, ...]:
        """The sizes of batch that were tried, rising."""
        return tuple(sorted({each.batch for each in self.figures}))

    @property
    def inexact(self) -> tuple[str, ...]:
        """The labels that deviate too much to be chosen."""
        return tuple(sorted(label for label, value in self.deviations.items() if not value <= MOST_DEVIATION))


class Measurements:
    """A small file in `folder` (the model store's): `engines.json`.

    What it says holds for one machine and one version of both engines; on another it counts as empty, as does a file
    that cannot be read or makes no sense: then it is measured again.
    """

    def __init__(self, folder: Path, host: Host | None = None) -> None:
        self._path = folder / _NAME
        self._host = json.loads(json.dumps(asdict(host or describe_host())))

    def of(self, network: str, threads: int) -> Measured | None:
        """Return what was measured of a network with so many threads, or None."""
        return next((each for each in self._read() if (each.network, each.threads) == (network, threads)), None)

    def keep(self, measured: Measured) -> None:
        """Write it down in place of what was known before, whole or not at all; raises OSError."""
        others = [each for each in self._read() if (each.network, each.threads) != (measured.network, measured.threads)]
        written = {"host": self._host, "measured": [asdict(each) for each in (*others, measured)]}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_name(f"{_NAME}.{os.getpid()}")
        try:
            half.write_text(json.dumps(written, indent=1) + "\n", "utf-8")
            half.replace(self._path)
        finally:
            half.unlink(missing_ok=True)

    def _read(self) -> Sequence[Measured]:
        try:
            read = json.loads(self._path.read_text("utf-8"))
            return [_measured(row) for row in read["measured"]] if read["host"] == self._host else []
        except (OSError, ValueError, TypeError, KeyError):
            return []


def _measured(row: dict[str, object]) -> Measured:
    """Return one entry; raises ValueError, TypeError or KeyError for what is none."""
    figures, deviations = row["figures"], row["deviations"]
    if not isinstance(figures, list) or not figures or not isinstance(deviations, dict):
        raise ValueError("an entry without figures")
    read = [Figure(str(each["label"]), int(each["batch"]), float(each["ms"])) for each in figures]
    if not all(each.ms > 0 and each.batch > 0 and each.label.count("-") == 2 for each in read):
        raise ValueError("a figure that cannot have been measured")
    away = {str(label): float(value) for label, value in deviations.items()}
    if {each.label for each in read} - away.keys():
        raise ValueError("a figure of which nobody knows whether it was right")
    return Measured(str(row["network"]), int(str(row["threads"])), tuple(read), away)
