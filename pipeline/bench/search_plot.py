"""Figures of searches as one picture: milliseconds by share of rows that pass, and how many times faster."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.bench.search import SearchFigures

OURS, FLAT, WORDS = "#0b6e4f", "#b0b0b0", "#e09f3e"


def draw(figures: "SearchFigures", path: Path) -> None:
    """Write a PNG: bars of the median with a mark at the 95th percentile, logarithmic."""
    from matplotlib.figure import Figure

    picture = Figure(figsize=(8, 4.5), layout="constrained")
    axes = picture.add_subplot()
    names = [f"{each.selectivity:.1%}\nrecall@50 {each.recall_at_50:.4f}" for each in figures.filters]
    for place, each in enumerate(figures.filters):
        if each.flat_p50_ms is not None and each.flat_p95_ms is not None:
            _bar(axes, place - 0.27, each.flat_p50_ms, each.flat_p95_ms, FLAT)
            faster = f"{each.flat_p50_ms / each.p50_ms:.1f}×"
            axes.annotate(faster, (place, each.p95_ms), (0, 5), textcoords="offset points", ha="center")
        _bar(axes, place, each.p50_ms, each.p95_ms, OURS)
        _bar(axes, place + 0.27, each.words_p50_ms, each.words_p95_ms, WORDS)
    axes.set_yscale("log")
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel("share of the rows that pass the filter")
    axes.set_ylabel("ms a search, p50 (bar) and p95 (mark)")
    axes.set_title(f"{figures.rows:,} sightings of {figures.dim}, {figures.vectors}; {figures.machine}", fontsize=9)
    named = {"flat FAISS, fp32": FLAT, "archive, photo": OURS, "archive, words": WORDS}
    if all(each.flat_p50_ms is None for each in figures.filters):
        del named["flat FAISS, fp32"]
    handles = [axes.bar(0, 0, color=colour) for colour in named.values()]
    axes.legend(handles, list(named), frameon=False, fontsize=8)
    picture.savefig(path, dpi=130, format="png")


def _bar(axes: "Axes", place: float, median: float, high: float, colour: str) -> None:
    axes.bar(place, median, width=0.25, color=colour)
    axes.plot([place - 0.1, place + 0.1], [high, high], color="#333333", linewidth=1)
    axes.plot([place, place], [median, high], color="#333333", linewidth=0.8)
