"""One camera's flow: people walk through a made picture and come out as tracklets."""

import numpy as np

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from models.detections import Detections
from models.kinds import Kind
from pipeline.analysis.camera_flow import CameraFlow
from pipeline.analysis.tracking import TrackerSettings
from pipeline.analysis.tracklet import Tracklet
from pipeline.settings import AnalysisSettings

SIZE = (640, 360)


def flow(**changes: object) -> CameraFlow:
    settings = AnalysisSettings.model_validate(changes)
    return CameraFlow(Camera("gate", "x.mp4", community="梅园"), settings, TrackerSettings())


def walker(i: int, session: str = "s") -> tuple[Frame, Detections]:
    """A red person who walks right 8 px a frame, 5 frames a second."""
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    left = 100 + 8 * i
    picture[100:200, left : left + 40] = (0, 0, 220)
    frame = Frame("gate", session, i, 200 * i, picture, SIZE, lambda: picture)
    box = np.array([[left, 100, left + 40, 200]], np.float32)
    return frame, Detections(box, np.array([0.9], np.float32), np.array([0], np.int64))


def nobody(i: int, session: str = "s") -> tuple[Frame, Detections]:
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    return Frame("gate", session, i, 200 * i, picture, SIZE, lambda: picture), Detections.empty()


def test_one_walk_is_one_tracklet_with_her_pictures() -> None:
    camera = flow()
    done: list[Tracklet] = []
    for i in range(20):
        done += camera.advance(*walker(i))
    for i in range(20, 200):
        done += camera.advance(*nobody(i))
    (tracklet,) = done
    assert tracklet.kind is Kind.PERSON
    assert tracklet.community == "梅园"
    assert not tracklet.open
    assert tracklet.last_seen_ms == 19 * 200
    assert 1 <= len(tracklet.shots) <= 4
    assert tracklet.shots[0].crop.reshape(-1, 3).mean(axis=0)[2] > 150


def test_a_new_session_ends_the_tracks_of_the_old_one() -> None:
    camera = flow()
    for i in range(10):
        assert camera.advance(*walker(i)) == []
    (old,) = camera.advance(*walker(10, session="t"))
    for i in range(11, 20):
        camera.advance(*walker(i, session="t"))
    (new,) = camera.finish()
    assert (old.key.session, new.key.session) == ("s", "t")
    assert old.key.sighting_id() != new.key.sighting_id()


def test_somebody_who_stays_is_told_before_she_leaves() -> None:
    camera = flow(update_every_s=2.0)
    done = [t for i in range(25) for t in camera.advance(*walker(i))]
    assert [t.revision for t in done] == [1, 2]
    assert all(t.open for t in done)
    (last,) = camera.finish()
    assert (last.revision, last.open) == (3, False)


def test_too_short_and_too_small_are_no_sightings() -> None:
    brief = flow(min_frames=5)
    for i in range(3):
        brief.advance(*walker(i))
    assert brief.finish() == []
    distant = flow(min_height_px=120)
    for i in range(10):
        distant.advance(*walker(i))
    assert distant.finish() == []


def test_an_observer_sees_the_tracks_of_every_frame() -> None:
    camera = flow()
    seen: list[tuple[int, int]] = []
    camera.observe = lambda frame, tracks: seen.append((frame.seq, len(tracks)))
    for i in range(4):
        camera.advance(*walker(i))
    camera.advance(*nobody(4))
    assert [seq for seq, _ in seen] == [0, 1, 2, 3, 4]
    assert seen[3] == (3, 1)


def test_tracks_are_steady_while_nobody_comes_or_goes() -> None:
    camera = flow()
    steady = []
    for i in range(10):
        camera.advance(*walker(i))
        steady.append(camera.steady)
    assert steady[0] is False
    assert steady[5:] == [True] * 5
    for i in range(10, 60):
        camera.advance(*nobody(i))
    assert camera.steady is False
