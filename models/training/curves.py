"""A picture of how a run went."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

Points = dict[str, list[tuple[int, float]]]

_LOSSES = ("cosine", "dense", "matrix", "neighbours", "bank")
_SMOOTHED = 10


def read_log(path: Path) -> Points:
    """Return (samples, value) of every figure in a run's log."""
    points: Points = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            points[row["figure"]].append((int(row["samples"]), float(row["value"])))
    return points


def draw(log: Path, picture: Path) -> None:
    """Draw losses, likeness to the teacher and the learning rate over the crops seen."""
    mpl.use("Agg")
    points = read_log(log)
    figure = Figure(figsize=(15, 4.2), layout="constrained", dpi=110)
    losses, likeness, again = figure.subplots(1, 3)
    for name in _LOSSES:
        first = _mean(points[name][:_SMOOTHED])
        _line(losses, name, [(samples, value / first) for samples, value in _smooth(points[name])])
    _line(losses, "learning rate / highest", _relative(points["rate"]), linestyle=":", color="grey")
    losses.set(title="Terms of the loss, as a share of their first value", ylim=(0, 1.25))
    for group in ("held_out", "unseen"):
        _line(likeness, f"{group}: cosine to the teacher", points[f"{group}_cosine"], marker="o")
        _line(likeness, f"{group}: shared among ten nearest", points[f"{group}_nearest"], marker="s", linestyle="--")
        line = _line(again, f"{group}: student", points[f"{group}_again"], marker="o")
        _line(again, f"{group}: teacher", points[f"{group}_teacher_again"], linestyle="--", color=line)
    likeness.set(title="Likeness to the teacher on crops not trained on", ylim=(0, 1))
    again.set(title="Found at rank 1 after light, framing and quality changed", ylim=(0, 1))
    for axes in (losses, likeness, again):
        axes.set_xlabel("crops seen")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(picture)


def _line(axes: Axes, label: str, points: list[tuple[int, float]], **look: Any) -> str:  # noqa: ANN401
    (line,) = axes.plot(
        [x for x, _ in points], [y for _, y in points], label=label, markersize=3, linewidth=1.2, **look
    )
    return str(to_hex(line.get_color()))


def _smooth(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(points[i][0], _mean(points[max(0, i - _SMOOTHED) : i + 1])) for i in range(len(points))]


def _relative(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    highest = max((value for _, value in points), default=1.0)
    return [(samples, value / highest) for samples, value in points]


def _mean(points: list[tuple[int, float]]) -> float:
    return sum(value for _, value in points) / max(1, len(points))
