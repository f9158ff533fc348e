"""What the tracker assumes about the world, in seconds and body heights, never in frames or pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """One setting for all footage: times are real time, lengths are in object heights, so frame rate and size cancel.

    Scores are those of the detector, 0..1:
    - sure_score: detections from here on are matched first, down to faint_score they may only continue a track that
      nothing better continues (two-stage association after ByteTrack, Zhang et al. 2022).
    - start_score: what a detection needs to start a track; confirm_hits: observations that confirm it.
    - duplicate_overlap: no track starts where one that is seen now overlaps (IoU) more than this.

    How long an unseen track waits, in seconds: lost_after_s in mid-picture, tentative_after_s before it is confirmed,
    border_after_s when it was last seen at the picture's border and has probably left.

    How alike is enough:
    - buffer: both boxes grow by this part of their size on every side before they are overlapped, so that a thin box
      that moved farther than its width still touches its prediction (buffered IoU, Yang et al. 2023).
    - min_overlap: gate on the buffered IoU of sure detections; min_overlap_faint: on the plain IoU of faint ones.
    - appearance_weight: part of the cost that comes from looks; looks_memory: what one observation leaves of the
      looks before it.

    How things move: position_noise, deviation of a detector's box in heights; acceleration, the random walk of the
    speed in heights per second per square-root second.
    """

    sure_score: float = 0.4
    faint_score: float = 0.2
    start_score: float = 0.55
    confirm_hits: int = 3
    duplicate_overlap: float = 0.4
    lost_after_s: float = 2.5
    tentative_after_s: float = 0.5
    border_after_s: float = 0.6
    buffer: float = 0.35
    min_overlap: float = 0.35
    min_overlap_faint: float = 0.5
    appearance_weight: float = 0.7
    looks_memory: float = 0.9
    position_noise: float = 0.06
    acceleration: float = 0.65
