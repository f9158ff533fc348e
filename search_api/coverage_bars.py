"""Coverage as bars, a camera each, for a page that is read and printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from pipeline.coverage import CameraCoverage, Interval, Watching
from pipeline.coverage.sentences import REASONS, STATES, sentence

WIDTH = 1000
MOST_BARS = 40
LIVE_ZH = "有效看守"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a bar: `x` and `width` in thousandths of the asked time, `title` what a pointer shows."""

    x: float
    width: float
    state: str
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One camera."""

    name: str
    watched: str
    indexed: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Bars:
    """All that a page shows of coverage; `left_out` counts the best watched cameras beyond the first forty."""

    zh: str
    en: str
    first: str
    last: str
    bars: Sequence[Bar]
    left_out: int


def bars_of(watching: Watching, names: Mapping[str, str], zone: tzinfo) -> Bars | None:
    """Return the bars, the least watched camera first; None when nothing was asked about."""
    answers = watching.cameras
    if not answers:
        return None
    worst_first = sorted(answers, key=lambda each: (each.share_watched, each.camera_id))
    shown = worst_first[:MOST_BARS]
    return Bars(
        zh=sentence(answers, "zh", zone, names, shortened=watching.shortened),
        en=sentence(answers, "en", zone, names, shortened=watching.shortened),
        first=_time(answers[0].from_ms, zone),
        last=_time(answers[0].to_ms, zone),
        bars=[_bar(each, names, zone) for each in shown],
        left_out=len(answers) - len(shown),
    )


def _bar(answer: CameraCoverage, names: Mapping[str, str], zone: tzinfo) -> Bar:
    share = answer.share_watched
    watched = f"{min(100 * share, 99.9) if share < 1 else 100:.1f} %"
    indexed = "" if answer.watermark_ms is None else _time(answer.watermark_ms, zone)
    pieces = [_piece(each, answer, zone) for each in answer.intervals]
    return Bar(names.get(answer.camera_id) or answer.camera_id, watched, indexed, pieces)


def _piece(each: Interval, answer: CameraCoverage, zone: tzinfo) -> Piece:
    length = answer.to_ms - answer.from_ms
    state = STATES["zh"].get(each.state, LIVE_ZH)
    reason = REASONS.get(each.reason, {}).get("zh", "")
    why = f"（{reason}）" if reason else ""
    return Piece(
        x=round(WIDTH * (each.from_ms - answer.from_ms) / length, 2),
        width=max(round(WIDTH * each.length_ms / length, 2), 0.5),  # a short gap is seen, too
        state=each.state.value,
        title=f"{_time(each.from_ms, zone)} – {_time(each.to_ms, zone)} {state}{why}",
    )


def _time(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
