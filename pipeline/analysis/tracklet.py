"""The life of one track at one camera, with its best shots."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.kinds import Kind
from pipeline.analysis.shots import Candidate
from pipeline.sighting import TrackletKey

Box = tuple[float, float, float, float]

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
    xyxy: Box | None = None
    velocity: tuple[float, float] = (0.0, 0.0)

    def seen(self, xyxy: Box, t_ms: int) -> None:
        """Count one more frame with the box in source pixels; follow the velocity (px/s, smoothed over ~1 s).

        Plain numbers: for one box an array's operation costs more than the arithmetic.
        """
        elapsed_s = (t_ms - self.last_seen_ms) / 1000
        if self.xyxy is not None and elapsed_s > 0:
            weight = min(elapsed_s, 1.0)
            (vx, vy), before = self.velocity, self.xyxy
            right_s = (xyxy[0] + xyxy[2] - before[0] - before[2]) / 2 / elapsed_s
            down_s = (xyxy[1] + xyxy[3] - before[1] - before[3]) / 2 / elapsed_s
            self.velocity = (vx + weight * (right_s - vx), vy + weight * (down_s - vy))
        self.xyxy = xyxy
        self.last_seen_ms = t_ms
        self.frames += 1

    def expected(self, t_ms: int) -> Box | None:
        """Return the box at a time near that of the last one, or None when that is over a second away."""
        elapsed_s = (t_ms - self.last_seen_ms) / 1000
        if self.xyxy is None or abs(elapsed_s) > _FORESEEN_S:
            return None
        right, down = self.velocity[0] * elapsed_s, self.velocity[1] * elapsed_s
        left, top, far_right, bottom = self.xyxy
        return left + right, top + down, far_right + right, bottom + down

    def wanted(self, t_ms: int, keep: int, apart_ms: int = 400) -> float:
        """Return what quality a shot must promise more than, to be worth converting the picture for."""
        near = [shot.promise for shot in self.shots if abs(shot.captured_at_ms - t_ms) < apart_ms]
        if near:
            return _WORTH_IT * max(near)
        return -1.0 if len(self.shots) < keep else _WORTH_IT * self.shots[-1].promise

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
