"""The life of one track at one camera, with its best shots."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.kinds import Kind
from pipeline.analysis.shots import Candidate
from pipeline.sighting import TrackletKey

_FORESEEN_S = 1.0
_WORTH_IT = 1.1  # a new shot must be this much better than the worst kept one: the full picture costs a conversion


@dataclass(slots=True)
class OpenTracklet:
    """A track that is still followed: what its sighting will need, bounded in memory."""

    key: TrackletKey
    kind: Kind
    community: str
    frame_size: tuple[int, int]
    first_seen_ms: int
    last_seen_ms: int
    frames: int = 0
    revision: int = 0
    told_ms: int = 0
    shots: list[Candidate] = field(default_factory=list)
    xyxy: NDArray[np.float32] | None = None
    velocity: NDArray[np.float32] = field(default_factory=lambda: np.zeros(2, np.float32))

    def seen(self, xyxy: NDArray[np.float32], t_ms: int) -> None:
        """Count one more frame with the box (4,) in source pixels; follow the velocity (px/s, smoothed over ~1 s)."""
        elapsed_s = (t_ms - self.last_seen_ms) / 1000
        if self.xyxy is not None and elapsed_s > 0:
            weight = np.float32(min(elapsed_s, 1.0))
            self.velocity += weight * ((_centre(xyxy) - _centre(self.xyxy)) / np.float32(elapsed_s) - self.velocity)
        self.xyxy = xyxy.astype(np.float32)
        self.last_seen_ms = t_ms
        self.frames += 1

    def expected(self, t_ms: int) -> NDArray[np.float32] | None:
        """Return the box (4,) at a time near that of the last one, or None when that is over a second away."""
        elapsed_s = (t_ms - self.last_seen_ms) / 1000
        if self.xyxy is None or abs(elapsed_s) > _FORESEEN_S:
            return None
        moved: NDArray[np.float32] = self.xyxy + np.tile(self.velocity, 2) * np.float32(elapsed_s)
        return moved

    def wants(self, promise: float, t_ms: int, keep: int, apart_ms: int = 400) -> bool:
        """Say whether a shot that promises this quality is worth converting the picture for."""
        near = [shot for shot in self.shots if abs(shot.captured_at_ms - t_ms) < apart_ms]
        if near:
            return promise > _WORTH_IT * max(shot.promise for shot in near)
        return len(self.shots) < keep or promise > _WORTH_IT * self.shots[-1].promise

    def offer(self, shot: Candidate, keep: int, apart_ms: int = 400) -> None:
        """Keep the shot among the best `keep`, best first; shots in the same moment replace each other."""
        near = [old for old in self.shots if abs(old.captured_at_ms - shot.captured_at_ms) < apart_ms]
        if any(old.quality >= shot.quality for old in near):
            return
        kept = [old for old in self.shots if all(old is not other for other in near)]
        self.shots = sorted([*kept, shot], key=lambda s: -s.quality)[:keep]

    def due(self, now_ms: int, every_ms: int) -> bool:
        """Say whether a long tracklet should be told (again) before it has ended."""
        return bool(self.shots) and now_ms - max(self.told_ms, self.first_seen_ms) >= every_ms


@dataclass(frozen=True, slots=True, eq=False)
class Tracklet:
    """A tracklet as handed to the describer; `shots` best first, never empty."""

    key: TrackletKey
    kind: Kind
    community: str
    frame_size: tuple[int, int]
    first_seen_ms: int
    last_seen_ms: int
    frames: int
    revision: int
    open: bool
    shots: Sequence[Candidate]


def snapshot(track: OpenTracklet, *, still_open: bool) -> Tracklet:
    """Freeze the tracklet's present state as its next revision."""
    track.revision += 1
    track.told_ms = track.last_seen_ms
    return Tracklet(
        key=track.key,
        kind=track.kind,
        community=track.community,
        frame_size=track.frame_size,
        first_seen_ms=track.first_seen_ms,
        last_seen_ms=track.last_seen_ms,
        frames=track.frames,
        revision=track.revision,
        open=still_open,
        shots=tuple(track.shots),
    )


def _centre(xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    return ((xyxy[:2] + xyxy[2:]) / 2).astype(np.float32)
