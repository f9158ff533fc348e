"""Ways of made-up people, as scenes."""

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.alerting.rules.scene import Event, Scene

FPS = 10.0
SIZE = (1000, 1000)
Way = Sequence[tuple[float, float] | None]


def scenes(*ways: Way, height: float = 100.0, width: float = 40.0, kind: int = 0, start_ms: int = 0) -> Iterator[Scene]:
    """Yield one scene a step: way number n (from 1) stands with its foot there, None where it is hidden."""
    for i in range(max(len(way) for way in ways)):
        shown = [(n, way[i]) for n, way in enumerate(ways, start=1) if i < len(way) and way[i] is not None]
        boxes = [(x - width / 2, y - height, x + width / 2, y) for _, (x, y) in shown]
        ended = tuple(n for n, way in enumerate(ways, start=1) if len(way) == i)
        yield Scene(
            frame=i + 1,
            t_ms=start_ms + round(1000 * i / FPS),
            track_id=np.array([n for n, _ in shown], np.int64),
            class_id=np.full(len(shown), kind, np.int64),
            xyxy=np.array(boxes, np.float64).reshape(-1, 4),
            frame_size=SIZE,
            ended=ended,
        )


def walk(start: tuple[float, float], end: tuple[float, float], steps: int) -> list[tuple[float, float]]:
    """Return `steps` points on the straight way, both ends included."""
    return [tuple(p) for p in np.linspace(start, end, steps).tolist()]


def told(rule, shown: Iterator[Scene]) -> list[Event]:
    """Return all the rule says of the scenes."""
    return [event for scene in shown for event in rule.observe(scene)]
