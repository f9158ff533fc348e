"""The curve of a watch as an SVG: false alerts a day (logarithmic) and expected hits over the threshold."""

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from pipeline.alerting.budget.calibration import Calibration

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 56, 44, 48
RED, BLUE, GREY = "#c0392b", "#2471a3", "#999"


def curve_svg(found: Calibration, title: str) -> str:
    """Return the picture; the dashed line stands at the threshold, the budget is written beside it."""
    scale = _Scale(found)
    false = [(p.threshold, scale.y_false(p.false_alerts_per_day)) for p in found.curve]
    hits = [(p.threshold, scale.y_share(p.hit_rate)) for p in found.curve if p.hit_rate is not None]
    at = scale.x(found.everywhere)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-weight="bold">{escape(title)}</text>',
        *scale.axes(),
        _line([(scale.x(t), y) for t, y in false], RED),
        _line([(scale.x(t), y) for t, y in hits], BLUE),
        f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="black" stroke-dasharray="4 3"/>',
        f'<text x="{at + 4:.1f}" y="{TOP + 12}">{found.everywhere:.2f} · ≤ {found.budget_per_day:g}/d</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Scale:
    """Where thresholds, alerts a day and shares lie in the picture."""

    def __init__(self, found: Calibration) -> None:
        self._first, self._last = found.curve[0].threshold, found.curve[-1].threshold
        rates = [p.false_alerts_per_day for p in found.curve if p.false_alerts_per_day > 0] + [found.budget_per_day]
        self._low = math.floor(math.log10(max(min(rates), 1e-4)))
        self._high = max(math.ceil(math.log10(max(rates))), self._low + 1)

    def x(self, threshold: float) -> float:
        share = (threshold - self._first) / max(self._last - self._first, 1e-9)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def y_false(self, per_day: float) -> float:
        return self.y_share((math.log10(max(per_day, 10.0**self._low)) - self._low) / (self._high - self._low))

    def y_share(self, share: float) -> float:
        return TOP + (1 - min(max(share, 0.0), 1.0)) * (HEIGHT - TOP - BOTTOM)

    def axes(self) -> list[str]:
        bottom = HEIGHT - BOTTOM
        parts = [f'<path d="M{LEFT} {TOP}V{bottom}H{WIDTH - RIGHT}V{TOP}" fill="none" stroke="{GREY}"/>']
        for power in range(self._low, self._high + 1):
            y = self.y_false(10.0**power)
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{RED}">{10.0**power:g}</text>')
        for tenth in range(0, 11, 2):
            y = self.y_share(tenth / 10)
            parts.append(f'<text x="{WIDTH - RIGHT + 6}" y="{y + 4:.1f}" fill="{BLUE}">{tenth * 10} %</text>')
        for step in range(6):
            threshold = self._first + step / 5 * (self._last - self._first)
            parts.append(
                f'<text x="{self.x(threshold):.1f}" y="{bottom + 16}" text-anchor="middle">{threshold:.2f}</text>'
            )
        middle = (LEFT + WIDTH - RIGHT) / 2
        return [
            *parts,
            f'<text x="{LEFT}" y="{TOP - 8}" fill="{RED}">误报/天 false alerts a day</text>',
            f'<text x="{WIDTH - RIGHT}" y="{TOP - 8}" text-anchor="end" fill="{BLUE}">预期命中 expected hits</text>',
            f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">阈值 threshold</text>',
        ]


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="2"/>'
