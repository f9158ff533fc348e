"""Cameras that stopped seeing, on made pictures of a street: one picture a second."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from camera_adapters.errors import Reason
from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stream_state import Status, StreamState
from pipeline.alerting.alert import Alert, Source
from pipeline.alerting.camera_health.measures import measure, shift_between
from pipeline.alerting.camera_health.settings import HealthSettings
from pipeline.alerting.camera_health.troubles import Lasting
from pipeline.alerting.camera_health.watch import OfflineWatch, SightWatch
from pipeline.analysis.tracking import Tracks
from pipeline.errors import ArchiveFull

GATE = Camera("gate", "rtsp://x", name="东门", community="梅园")
NOBODY = Tracks(*(np.empty(shape, kind) for shape, kind in
    ((0, np.int64), ((0, 4), np.float32), (0, np.float32), (0, np.int64), (0, np.int64), (0, np.bool_))))  # fmt: skip
Alter = Callable[[np.ndarray], np.ndarray]


def street() -> np.ndarray:
    """Houses, windows and texture: 208 x 156."""
    rng = np.random.default_rng(3)
    picture = np.full((156, 208, 3), 110, np.uint8)
    for _ in range(60):
        x, y, w, h = rng.integers(0, 190), rng.integers(0, 140), rng.integers(4, 45), rng.integers(4, 35)
        picture[y : y + h, x : x + w] = rng.integers(20, 230, 3)
    return picture


STREET = street()
NOISE = [np.random.default_rng(i).integers(0, 4, STREET.shape).astype(np.uint8) for i in range(5)]
SIZE = (208, 156)


class Film:
    """One picture a second, each with other noise."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def run(self, seconds: int, alter: Alter = lambda p: p, *, still: bool = False) -> "Film":
        altered = alter(STREET.copy())
        for _ in range(seconds):
            i = len(self.frames)
            picture = altered if still else cv2.add(altered, NOISE[i % len(NOISE)])
            self.frames.append(Frame("gate", "s", 25 * i, 1_000_000 + 1000 * i, picture, SIZE, STREET.copy))
        return self

    def alerts(self, **settings: float) -> list[Alert]:
        watch = SightWatch([GATE], HealthSettings(**settings))
        return [alert for frame in self.frames for alert in watch.observe(frame, NOBODY)]


def blurred(p: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(p, (0, 0), 2.5))


def covered(p: np.ndarray) -> np.ndarray:
    return np.full_like(p, 25)


def turned(p: np.ndarray) -> np.ndarray:
    return np.roll(p, 30, axis=1)


def person(p: np.ndarray) -> np.ndarray:
    p[30:150, 50:95] = (40, 60, 160)
    return p


def dusk(p: np.ndarray) -> np.ndarray:
    return (p * 0.5).astype(np.uint8)


@pytest.mark.parametrize(
    ("alter", "kind", "after_s"),
    [(blurred, "camera_defocused", 20), (covered, "camera_covered", 10), (turned, "camera_moved", 15)],
)
def test_a_trouble_is_told_once_when_it_lasts(alter: Alter, kind: str, after_s: int):
    (alert,) = Film().run(60).run(100, alter).alerts()
    assert (alert.source, alert.kind, alert.camera_id, alert.community) == (Source.CAMERA, kind, "gate", "梅园")
    assert alert.at_ms == 1_000_000 + 1000 * (60 + after_s)
    assert alert.subject == "gate/camera"


@pytest.mark.parametrize("alter", [blurred, covered, turned])
def test_a_trouble_that_passes_is_not(alter: Alter):
    assert Film().run(60).run(8, alter).run(60).alerts() == []


@pytest.mark.parametrize("alter", [person, dusk])
def test_people_and_light_are_no_trouble(alter: Alter):
    assert Film().run(60).run(120, alter).alerts() == []


def test_a_frozen_picture_is_told_and_a_still_scene_with_noise_is_not():
    assert [alert.kind for alert in Film().run(40).run(90, still=True).alerts()] == ["camera_frozen"]
    assert Film().run(200).alerts() == []


def test_it_is_told_again_only_after_it_was_gone_for_as_long():
    short = Film().run(60).run(30, covered).run(5).run(30, covered)
    long = Film().run(60).run(30, covered).run(30).run(30, covered)
    assert [len(film.alerts()) for film in (short, long)] == [1, 2]


def test_a_view_that_stays_new_becomes_the_usual_one():
    film = Film().run(60).run(400, turned).run(60, lambda p: p)
    assert [alert.kind for alert in film.alerts()] == ["camera_moved", "camera_moved"]  # away, and back


def test_nothing_is_judged_before_the_usual_sight_is_known():
    assert Film().run(10).run(60, blurred).alerts(defocused_s=5) == []


def test_the_shift_of_a_view_is_measured():
    before, now = measure(STREET), measure(np.roll(STREET, 13, axis=1))
    shift, sure = shift_between(before.edges, now.edges)
    assert shift == pytest.approx(13 / 208, abs=0.01)
    assert sure > 0.2
    assert float((before.edges**2).sum()) == pytest.approx(1.0, abs=1e-4)  # measuring leaves them as they are


def test_sharpness_does_not_depend_on_light():
    assert measure(dusk(STREET)).sharpness == pytest.approx(measure(STREET).sharpness, rel=0.1)
    assert measure(blurred(STREET)).sharpness < 0.5 * measure(STREET).sharpness


def test_frames_between_the_seconds_cost_nothing(monkeypatch: pytest.MonkeyPatch):
    measured = []
    monkeypatch.setattr(
        "pipeline.alerting.camera_health.watch.measure", lambda image: measured.append(1) or measure(image)
    )
    watch = SightWatch([GATE], HealthSettings())
    for i in range(25):
        watch.observe(Frame("gate", "s", i, 200 * i, STREET, SIZE, STREET.copy), NOBODY)
    watch.observe(Frame("elsewhere", "s", 0, 0, STREET, SIZE, STREET.copy), NOBODY)
    assert len(measured) == 5


def test_a_condition_begins_and_ends_only_when_it_lasts():
    lasting = Lasting(2.0)
    held = [0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0]
    assert [i for i, holds in enumerate(held) if lasting.update(bool(holds), 1000 * i)] == [5]
    assert not lasting.on


class Stream:
    """A camera whose status is what the test says, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.status, self.reason = Status.LIVE, None
        self.taken: list[Alert] = []
        self.watch = OfflineWatch([GATE], HealthSettings(), self.taken.extend, wall_ms=lambda: self.now)

    def pass_s(self, seconds: int, *statuses: Status) -> None:
        for i in range(seconds):
            self.now += 1000
            self.status = statuses[i % len(statuses)]
            self.watch.hear(StreamState("gate", self.status, self.now, self.reason))
            self.watch.catch_up()


def test_a_camera_that_is_down_for_long_is_told_once_with_the_reason():
    stream = Stream()
    stream.pass_s(10, Status.LIVE)
    stream.reason = Reason.REFUSED
    stream.pass_s(300, Status.BACKING_OFF, Status.CONNECTING)
    (alert,) = stream.taken
    assert (alert.kind, alert.at_ms, alert.facts) == ("camera_offline", 1_011_000, {"reason": "refused"})


def test_a_short_break_is_not_told_and_a_flapping_camera_not_every_time():
    stream = Stream()
    for _ in range(5):
        stream.pass_s(20, Status.STALLED)
        stream.pass_s(40, Status.LIVE)
    assert stream.taken == []
    for _ in range(5):
        stream.pass_s(60, Status.BACKING_OFF)
        stream.pass_s(5, Status.LIVE)
    assert len(stream.taken) == 1


def test_two_outages_are_two_alerts_with_ids_of_their_own():
    stream = Stream()
    for _ in range(2):
        stream.pass_s(60, Status.BACKING_OFF)
        stream.pass_s(60, Status.LIVE)
    assert len({alert.id for alert in stream.taken}) == 2


def test_a_recording_that_ended_is_not_offline():
    stream = Stream()
    stream.pass_s(100, Status.STOPPED)
    assert stream.taken == []


def test_an_alert_that_cannot_be_kept_waits():
    stream, kept, full = Stream(), [], [True]

    def take(alerts):
        if full[0]:
            raise ArchiveFull("no room")
        kept.extend(alerts)

    stream.watch = OfflineWatch([GATE], HealthSettings(offline_s=1), take, wall_ms=lambda: stream.now)
    stream.pass_s(1, Status.STALLED)
    with pytest.raises(ArchiveFull):
        stream.pass_s(1, Status.STALLED)
    full[0] = False
    stream.pass_s(3, Status.STALLED)
    assert [alert.kind for alert in kept] == ["camera_offline"]
