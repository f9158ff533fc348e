"""Joining the pieces of one object's way after it was lost for a while: feasible motion and the same looks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.tracking.association import assign
from pipeline.analysis.tracking.history import History
from pipeline.analysis.tracking.similarity import at_border

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Lengths in object heights, times in seconds.

    longest_gap_s: no link over a longer time unseen. reach + reach_per_s * gap: how far from the straight
    continuation the object may turn up. min_similarity: cosine of looks. most_resized: ratio of heights.
    ends_s: how much of the way before and after the gap tells speed and looks. border_gap_s: longest gap where either
    piece ends at the picture's border.
    """

    longest_gap_s: float = 3.0
    overlap_s: float = 0.3
    reach: float = 0.4
    reach_per_s: float = 0.5
    min_similarity: float = 0.9
    most_resized: float = 1.5
    ends_s: float = 1.0
    border_gap_s: float = 0.6


_DEFAULTS = LinkSettings()


@dataclass(frozen=True, slots=True, eq=False)
class _Ends:
    """One end of each history: time (n,) s, place float64 (n, 2) px, speed (n, 2) px/s, height (n,), looks (n, d)."""

    when: Array
    place: Array
    speed: Array
    height: Array
    looks: Array


def link(
    histories: Sequence[History],
    frame_size: tuple[int, int] | None = None,
    settings: LinkSettings = _DEFAULTS,
) -> list[History]:
    """Return the histories with the pieces of one object joined; each piece is used once, kinds are not mixed.

    frame_size is (width, height) of the picture: who was last seen at its border has left, and is joined only to
    somebody who appears there again within `border_gap_s`. None: borders are unknown.
    """
    found = list(histories)
    while len(found) > 1:
        before, after = _pairs(found, frame_size, settings)
        if not len(before):
            break
        found = _joined(found, dict(zip(before.tolist(), after.tolist(), strict=True)))
    return found


def _joined(histories: list[History], follower: dict[int, int]) -> list[History]:
    """Follow each chain from its first piece."""
    later = set(follower.values())
    chains = []
    for first in range(len(histories)):
        if first in later:
            continue
        whole, at = histories[first], first
        while at in follower:
            at = follower[at]
            whole = whole.followed_by(histories[at])
        chains.append(whole)
    return chains


def _pairs(
    histories: Sequence[History], frame_size: tuple[int, int] | None, s: LinkSettings
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    tails = _ends(histories, s.ends_s, last=True)
    heads = _ends(histories, s.ends_s, last=False)
    kind = np.array([h.class_id for h in histories])
    gap = heads.when[None, :] - tails.when[:, None]
    wait = np.maximum(gap, 0.0)[:, :, None]
    height = np.sqrt(tails.height[:, None] * heads.height[None, :])
    ahead = tails.place[:, None] + tails.speed[:, None] * wait - heads.place[None, :]
    back = tails.place[:, None] - (heads.place[None, :] - heads.speed[None, :] * wait)
    direct = tails.place[:, None] - heads.place[None, :]
    off = np.minimum(np.linalg.norm(ahead, axis=2), np.linalg.norm(back, axis=2))
    off = np.minimum(off, np.linalg.norm(direct, axis=2)) / height
    reach = s.reach + s.reach_per_s * wait[:, :, 0]
    resized = np.abs(np.log(tails.height[:, None] / heads.height[None, :]))
    looks = tails.looks @ heads.looks.T if tails.looks.shape[1] else np.ones_like(gap)
    allowed = (gap > -s.overlap_s) & (gap <= s.longest_gap_s) & (kind[:, None] == kind[None, :])
    allowed &= (off <= reach) & (resized <= np.log(s.most_resized)) & (looks >= s.min_similarity)
    if frame_size is not None:
        out = at_border(np.stack([h.xyxy[-1] for h in histories]), frame_size)
        into = at_border(np.stack([h.xyxy[0] for h in histories]), frame_size)
        allowed &= (gap <= s.border_gap_s) | ~(out[:, None] | into[None, :])
    start = np.array([h.t_ms[0] for h in histories])
    allowed &= start[:, None] < start[None, :]
    np.fill_diagonal(allowed, False)
    cost = off / reach + 2.0 * (1.0 - looks) / max(1.0 - s.min_similarity, 1e-6) + gap / s.longest_gap_s
    return assign(cost, allowed)


def _ends(histories: Sequence[History], ends_s: float, *, last: bool) -> _Ends:
    when, place, speed, height, looks = [], [], [], [], []
    for history in histories:
        at = history.t_ms[-1 if last else 0]
        near = np.abs(history.t_ms - at) <= ends_s * 1000.0
        t = (history.t_ms[near] - at) / 1000.0
        box = history.xyxy[near]
        middle = (box[:, :2] + box[:, 2:]) / 2.0
        away = t - t.mean()
        slope = (away @ (middle - middle.mean(0))) / (away @ away + 0.05)
        when.append(at / 1000.0)
        speed.append(slope)
        place.append(middle.mean(0) - slope * t.mean())
        height.append(np.median(box[:, 3] - box[:, 1]))
        look = history.looks[near].sum(0, dtype=np.float64)
        looks.append(look / max(float(np.linalg.norm(look)), 1e-9))
    return _Ends(np.array(when), np.array(place), np.array(speed), np.array(height), np.array(looks))
