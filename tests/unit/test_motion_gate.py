"""The gate before the detector: what opens it, what does not, and what it costs nobody."""

import cv2
import numpy as np
import pytest

from camera_adapters.frame import Frame
from models.kinds import Kind
from pipeline.analysis.change import ChangeDetector
from pipeline.analysis.motion_gate import MotionGate
from pipeline.analysis.stillness import Stillness
from pipeline.analysis.tracking import Tracks
from pipeline.settings import MotionGateSettings

SIZE = (416, 234)
STEP_MS = 200


def street(seed: int = 0) -> np.ndarray:
    """A picture with structure at every scale."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.integers(40, 200, (h, 2 * h), np.uint8), SIZE) for h in (4, 16, 60)]
    return cv2.merge([np.mean(layers, axis=0).astype(np.uint8)] * 3)


STREET = street()


GRAIN = [np.random.default_rng(n).normal(0, 3, STREET.shape).astype(np.int16) for n in range(7)]


def noisy(picture: np.ndarray, n: int) -> np.ndarray:
    return cv2.add(picture, GRAIN[n % 7], dtype=cv2.CV_8U)


def somebody(picture: np.ndarray, left: int, top: int, height: int) -> np.ndarray:
    shown = picture.copy()
    width = max(2, height * 2 // 5)
    shown[top : top + height, left : left + width] = (30, 30, 160)
    return shown


def taught(detector: ChangeDetector, looks: int = 30, change=lambda picture, n: picture) -> None:
    for n in range(looks):
        detector.changed(noisy(change(STREET, n), n), 1.0)


def test_noise_is_usual_and_somebody_is_not() -> None:
    detector = ChangeDetector()
    taught(detector)
    assert not any(detector.changed(noisy(STREET, 100 + n), 0.2) for n in range(20))
    assert detector.changed(noisy(somebody(STREET, 200, 80, 60), 999), 0.2)


def test_a_small_person_far_away_is_noticed() -> None:
    detector = ChangeDetector()
    taught(detector)
    assert detector.changed(noisy(somebody(STREET, 100, 120, 14), 999), 0.2)


def test_clouds_and_headlights_are_no_change() -> None:
    detector = ChangeDetector()
    taught(detector)
    darker = cv2.convertScaleAbs(STREET, alpha=0.75)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    beam = 1 + 0.8 * np.exp(-((x - 200) ** 2 + (y - 150) ** 2) / (2 * 120.0**2))
    lit = np.clip(STREET * beam[..., None], 0, 255).astype(np.uint8)
    assert not detector.changed(noisy(darker, 1000), 0.2)
    assert not detector.changed(noisy(lit, 1001), 0.2)


def test_rain_is_no_change() -> None:
    detector = ChangeDetector()
    taught(detector)
    for n in range(10):
        streaks, rng = np.zeros_like(STREET), np.random.default_rng(n)
        for x, y in rng.integers(0, SIZE, (60, 2)):
            cv2.line(streaks, (int(x), int(y)), (int(x) + 1, int(y) + 9), (22, 22, 22), 1)
        assert not detector.changed(noisy(cv2.add(STREET, streaks), 2000 + n), 0.2)


def test_leaves_become_usual_and_somebody_before_them_does_not() -> None:
    leaves = [street(seed)[20:80, 300:380] for seed in range(1, 7)]

    def waving(picture: np.ndarray, n: int) -> np.ndarray:
        shown = picture.copy()
        shown[20:80, 300:380] = leaves[n % 6]
        return shown

    detector = ChangeDetector()
    for n in range(300):
        detector.changed(noisy(waving(STREET, n), n), 2.0)
    assert not any(detector.changed(noisy(waving(STREET, n), n), 2.0) for n in range(300, 320))
    assert detector.changed(noisy(somebody(waving(STREET, 3), 150, 60, 60), 999), 2.0)


def frame(at_ms: int, picture: np.ndarray = STREET, *, late: bool = False) -> Frame:
    return Frame("gate", "s", at_ms, at_ms, noisy(picture, at_ms), SIZE, lambda: picture, late=late)


def closed(**changes: object) -> tuple[MotionGate, int]:
    """A gate that has been told for a minute that nothing happens, and the time."""
    gate = MotionGate(MotionGateSettings.model_validate(changes))
    for at_ms in range(0, 60_000, STEP_MS):
        if gate.admit(frame(at_ms)):
            gate.tell(moving=False)
    assert gate.idle
    return gate, 60_000


def test_a_closed_gate_lets_a_heartbeat_through_and_counts_the_rest() -> None:
    gate, now = closed(heartbeat_s=2.0)
    before = gate.gated
    admitted = [at for at in range(now, now + 10_000, STEP_MS) if gate.admit(frame(at))]
    assert len(admitted) == 5
    assert gate.gated - before == 50 - 5


def test_somebody_opens_it_and_it_closes_after_lingering() -> None:
    gate, now = closed(linger_s=2.0)
    assert gate.glance(frame(now, somebody(STREET, 200, 80, 60)))
    assert not gate.idle
    stays_open = [gate.admit(frame(at)) for at in range(now + STEP_MS, now + 2_000, STEP_MS)]
    assert all(stays_open)
    for at in range(now + 2_000, now + 3_000, STEP_MS):
        gate.admit(frame(at))
    assert gate.idle


def test_a_moving_track_holds_it_open_whatever_the_picture_says() -> None:
    gate, now = closed()
    gate.tell(moving=True)
    assert not gate.idle
    assert all(gate.admit(frame(at)) for at in range(now, now + 20_000, STEP_MS))
    gate.tell(moving=False)
    assert not gate.idle  # it lingers
    for at in range(now + 20_000, now + 24_000, STEP_MS):
        gate.admit(frame(at))
    assert gate.idle


def test_without_adaptive_decoding_it_never_asks_for_key_frames_only() -> None:
    gate = MotionGate(MotionGateSettings(key_frames=False))
    for at_ms in range(0, 60_000, STEP_MS):
        gate.admit(frame(at_ms))
    assert not gate.is_open
    assert not gate.idle


def test_a_thinned_rate_is_kept_and_counted() -> None:
    gate = MotionGate(MotionGateSettings(enabled=False))
    gate.thin(5 / 2)
    admitted = [at for at in range(0, 10_000, STEP_MS) if gate.admit(frame(at))]
    assert admitted == list(range(0, 10_000, 2 * STEP_MS))
    assert gate.thinned == 25
    gate.thin(None)
    assert all(gate.admit(frame(at)) for at in range(10_000, 12_000, STEP_MS))


def test_steady_tracks_are_thinned_first() -> None:
    gate = MotionGate(MotionGateSettings(enabled=False))
    gate.thin(None, steady_fps=5 / 2)
    gate.tell(moving=True, steady=False)
    assert all(gate.admit(frame(at)) for at in range(0, 2_000, STEP_MS))
    gate.tell(moving=True, steady=True)
    admitted = [at for at in range(2_000, 4_000, STEP_MS) if gate.admit(frame(at))]
    assert admitted == list(range(2_200, 4_000, 2 * STEP_MS))
    gate.tell(moving=True, steady=False)
    assert all(gate.admit(frame(at)) for at in range(4_000, 5_000, STEP_MS))


def test_a_strict_gate_opens_for_tracks_only() -> None:
    gate, now = closed()
    gate.strict = True
    assert not gate.glance(frame(now, somebody(STREET, 200, 80, 60)))
    gate.tell(moving=True)
    assert not gate.idle


def test_a_gate_that_is_switched_off_admits_everything() -> None:
    gate = MotionGate(MotionGateSettings(enabled=False))
    assert all(gate.admit(frame(at)) for at in range(0, 20_000, STEP_MS))
    assert not gate.idle
    assert gate.gated == 0


def tracks(*boxes: tuple[int, float]) -> Tracks:
    """Persons 40 x 100, by id and left edge."""
    n = len(boxes)
    xyxy = np.array([[left, 100, left + 40, 200] for _, left in boxes], np.float32).reshape(n, 4)
    return Tracks(
        np.array([i for i, _ in boxes], np.int64),
        xyxy,
        np.full(n, 0.9, np.float32),
        np.full(n, Kind.PERSON.code, np.int64),
        np.arange(n),
        np.ones(n, bool),
    )


def test_who_stays_within_a_quarter_of_her_height_comes_to_rest() -> None:
    stillness = Stillness(rest_s=3.0)
    resting, walking = [], []
    for n in range(30):
        jitter = 20.0 * (n % 2)
        found = stillness.moving(tracks((1, 100 + jitter), (4, 300 + 10.0 * n)), n * STEP_MS)
        resting.append(bool(found[0]))
        walking.append(bool(found[1]))
    assert resting == [n * STEP_MS < 3_000 for n in range(30)]
    assert all(walking)


def test_a_new_track_moves_until_it_is_known_not_to() -> None:
    stillness = Stillness(rest_s=3.0)
    for n in range(20):
        stillness.moving(tracks((1, 100)), n * STEP_MS)
    assert stillness.moving(tracks((1, 100), (2, 400)), 4_000).tolist() == [False, True]
    assert stillness.moving(tracks(), 4_200).tolist() == []
    assert stillness.moving(tracks((3, 100)), 4_400).tolist() == [True]


@pytest.mark.parametrize("size", [(416, 234), (416, 312), (300, 300), (100, 60)])
def test_any_picture_size_will_do_and_may_change(size: tuple[int, int]) -> None:
    detector = ChangeDetector()
    detector.changed(np.full((50, 90, 3), 77, np.uint8), 0.0)
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    assert not detector.changed(picture, 1.0)
    assert not detector.changed(picture, 1.0)
