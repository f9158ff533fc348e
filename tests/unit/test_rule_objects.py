"""Things left behind and taken away, on made pictures: noise, a person who brings or takes, a vehicle that parks."""

import numpy as np
import pytest

from models.kinds import Kind
from pipeline.alerting.rules.camera_rules import CameraRules
from pipeline.alerting.rules.rule_file import check_rules
from pipeline.alerting.rules.scene import Around, Event, Scene

SIZE = (512, 384)  # of the source; the pictures are half of it
BAG = (100, 120, 116, 136)  # in pictures
NOBODY = np.empty(0, np.int64)


class Film:
    """A grey yard with noise, twice a second."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(7)
        self.yard = np.full((192, 256, 3), 120, np.uint8)
        self.yard[:, 180:] = (60, 90, 60)
        self.scenes: list[Scene] = []

    def put(self, box, colour) -> None:
        x1, y1, x2, y2 = box
        self.yard[y1:y2, x1:x2] = colour

    def run(self, seconds: float, person=None, *, kind: Kind = Kind.PERSON, track: int = 1) -> "Film":
        for _ in range(round(seconds * 2)):
            picture = self.yard.copy()
            if person is not None:
                x1, y1, x2, y2 = person
                picture[y1:y2, x1:x2] = (30, 30, 200)
            noise = self.rng.integers(-6, 7, picture.shape)
            picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
            around = Around()
            if person is not None:
                one = np.ones(1, np.int64)
                around = Around(track * one, kind.code * one, 2.0 * np.array([person], np.float64))
            i = len(self.scenes)
            self.scenes.append(
                Scene(i + 1, 500 * i, NOBODY, NOBODY, np.empty((0, 4)), SIZE, image=picture, around=around)
            )
        return self

    def told(self, kind: str, **more: object) -> list[Event]:
        rules = CameraRules(check_rules({"rules": [{"name": "r", "kind": kind, **more}]}))
        return [event for scene in self.scenes for event in rules.observe(scene)]


def bag_is_left(before_s: float = 6) -> Film:
    film = Film()
    film.run(before_s).run(2, (95, 80, 125, 140))
    film.put(BAG, (20, 20, 20))
    return film.run(2, (105, 80, 135, 140))


def test_a_bag_that_is_left_alone_is_told_once():
    film = bag_is_left().run(40)
    (event,) = film.told("abandoned_object")
    assert 10.0 + 10.0 <= event.t_ms / 1000.0 <= 10.0 + 15.0
    left, top, right, bottom = (int(v) for v in event.facts["box"].split(","))
    assert [left, top, right, bottom] == pytest.approx([2 * v for v in BAG], abs=6)
    assert film.told("removed_object") == []


def test_a_bag_whose_owner_stays_is_not():
    assert bag_is_left().run(40, (125, 80, 155, 140)).told("abandoned_object") == []


def test_who_passes_by_only_delays_it():
    film = bag_is_left().run(8).run(2, (60, 80, 90, 140), track=2).run(20)
    (event,) = film.told("abandoned_object")
    assert event.t_ms / 1000.0 >= 10.0 + 12.0


def test_a_bag_taken_back_in_time_is_not():
    film = bag_is_left().run(5)
    film.put(BAG, (120, 120, 120))
    assert film.run(1, (95, 80, 125, 140)).run(20).told("abandoned_object") == []


def test_a_change_that_nobody_brought_is_light():
    film = Film().run(6)
    film.put(BAG, (20, 20, 20))
    assert film.run(40).told("abandoned_object") == []


def test_a_thing_that_was_there_and_is_taken_is_a_removed_one():
    film = Film()
    film.put(BAG, (20, 20, 20))
    film.run(6).run(2, (95, 80, 125, 140))
    film.put(BAG, (120, 120, 120))
    film.run(40)
    assert len(film.told("removed_object")) == 1
    assert film.told("abandoned_object") == []


def test_only_in_the_zone_and_of_the_size():
    film = bag_is_left().run(30)
    zone = [[300, 200], [500, 200], [500, 380], [300, 380]]
    assert film.told("abandoned_object", zone=zone) == []
    assert film.told("abandoned_object", min_area=0.02) == []
    assert film.told("abandoned_object", max_area=0.001) == []


def test_a_vehicle_that_parks_is_no_thing():
    car = (90, 120, 130, 140)
    film = Film().run(6).run(1, (140, 90, 160, 140)).run(60, car, kind=Kind.MOTOR_VEHICLE, track=2)
    assert film.told("abandoned_object") == []


def test_a_bag_beside_something_that_is_always_taken_for_a_vehicle():
    """A detector that takes a cabinet for a car must not blind the rule to what lies inside that box."""
    film = bag_is_left(before_s=10).run(40)
    two = np.array([9], np.int64)
    cabinet = np.array([[150.0, 100.0, 480.0, 380.0]])
    film.scenes = [_with(scene, two, cabinet) for scene in film.scenes]
    assert len(film.told("abandoned_object")) == 1


def _with(scene: Scene, track: np.ndarray, box: np.ndarray) -> Scene:
    old = scene.around
    around = Around(
        np.concatenate([old.track_id, track]), np.concatenate([old.class_id, [1]]), np.concatenate([old.xyxy, box])
    )
    return Scene(scene.frame, scene.t_ms, NOBODY, NOBODY, scene.xyxy, SIZE, image=scene.image, around=around)


def test_the_light_is_switched_and_nothing_is_told():
    film = Film().run(6, (95, 80, 125, 140))
    film.yard = np.clip(film.yard.astype(int) - 50, 0, 255).astype(np.uint8)
    assert film.run(30).told("abandoned_object") == []
