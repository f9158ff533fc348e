"""Which engine is the fastest for a network: all of them in turn, for a second or two."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WARM_UP = 2
LEAST_ROUNDS = 3
HOPELESS = 2.5


@dataclass(frozen=True, slots=True)
class Figure:
    """What one row costs on an engine (`label` as in EngineChoice) in batches of one size, in milliseconds."""

    label: str
    batch: int
    ms: float


def race(
    runs: Mapping[str, Callable[[int], object]],
    batches: Sequence[int],
    *,
    budget_s: float = 1.5,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Figure, ...]:
    """Time `runs[label](batch)` for every label and size of batch, turn by turn, for `budget_s` and three rounds.

    The shortest time of each counts: what else the machine does only ever adds. Who takes 2.5 times as long as the
    fastest leaves after the round. Each is run twice beforehand, untimed: engines compile at first use, and a GPU puts
    its memory in order at the second.
    """
    best = {(label, batch): float("inf") for label in runs for batch in batches}
    for label, batch in best:
        for _ in range(WARM_UP):
            runs[label](batch)
    left, rounds, began_s = list(runs), 0, clock()
    while rounds < LEAST_ROUNDS or (len(left) > 1 and clock() - began_s < budget_s):
        for label in left:
            for batch in batches:
                started_s = clock()
                runs[label](batch)
                best[label, batch] = min(best[label, batch], 1000 * (clock() - started_s) / batch)
        rounds += 1
        mean = {label: sum(best[label, batch] for batch in batches) for label in left}
        left = [label for label in left if mean[label] <= HOPELESS * min(mean.values())]
    return tuple(Figure(label, batch, round(ms, 3)) for (label, batch), ms in best.items())


def mean_ms(figures: Sequence[Figure]) -> dict[str, float]:
    """Return by label what a row costs, the mean over the sizes of batch; the fastest first."""
    found: dict[str, list[float]] = {}
    for each in figures:
        found.setdefault(each.label, []).append(each.ms)
    means = {label: sum(times) / len(times) for label, times in found.items()}
    return dict(sorted(means.items(), key=lambda item: item[1]))
