"""A part of one camera's picture as a filter."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipeline.archive.contract import Hit, SightingFilter
from pipeline.errors import BadZone
from pipeline.search.zone import Zone, check_zone, found_in
from pipeline.sighting import Box, Sighting
from search_api.errors import BadInput
from search_api.inputs import parse_zone
from tests.servers.doors import NOON_MS, RED, record

LEFT_HALF = Zone.of_box(0, 0, 0.5, 1)


def standing(box: Box, size: tuple[int, int] = (800, 600)) -> Sighting:
    sighting = record("north", 1, RED, NOON_MS).sighting
    return replace(sighting, shot=replace(sighting.shot, xyxy=box), frame_size=size)


def test_what_counts_is_where_the_feet_are() -> None:
    triangle = Zone(((0.0, 1.0), (0.5, 0.5), (1.0, 1.0)))
    feet_in = standing((350, 100, 450, 400))  # feet at .5, .67; its head is far above the triangle
    feet_left = standing((0, 100, 100, 400))
    at_the_edge = standing((390, 500, 410, 640))  # cut off by the lower edge of the picture
    assert triangle.within([feet_in, feet_left, at_the_edge]) == [True, False, True]
    assert LEFT_HALF.within([standing((350, 100, 440, 400)), standing((350, 100, 460, 400))]) == [True, False]
    assert LEFT_HALF.within([standing((350, 100, 460, 400), (1600, 1200))]) == [True]
    assert LEFT_HALF.within([]) == []


def test_more_is_asked_for_until_enough_lies_in_the_zone() -> None:
    ranked = [
        Hit(n, 1 - n / 100, standing((0, 0, 10, 10) if n % 10 == 0 else (790, 0, 800, 10))) for n in range(1, 101)
    ]
    asked: list[int] = []

    def ask(most: int) -> list[Hit]:
        asked.append(most)
        return ranked[:most]

    def found(zone: Zone | None, enough: int) -> Sequence[tuple[int, float]]:
        return [(hit.rank, round(hit.score, 2)) for hit in found_in(zone, ask, enough)]

    assert found(LEFT_HALF, 3) == [(1, 0.9), (2, 0.8), (3, 0.7)]
    assert asked == [3, 12, 48]
    assert len(found(LEFT_HALF, 20)) == 10, "all there are"
    assert len(found(None, 5)) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("left half", "is no part of a picture"),
        ("0,0,1", "is no part of a picture"),
        ("0,0 1,1", "3 to 64 corners"),
        ("0,0,1.5,1", "shares"),
        ("0,0,nan,1", "shares"),
        ("0,0 1,1 0,1 1,0", "cross"),
        ("0,0,0,1", "no inside"),
    ],
)
def test_what_is_no_zone_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises((BadInput, BadZone), match=said):
        parse_zone(text)


def test_a_zone_is_written_as_a_rectangle_or_by_its_corners() -> None:
    assert parse_zone("0,0,0.5,1") == LEFT_HALF
    assert parse_zone("0,1 0.5,0.5 1,1").points == ((0.0, 1.0), (0.5, 0.5), (1.0, 1.0))


def test_a_zone_is_of_one_camera() -> None:
    check_zone(LEFT_HALF, SightingFilter(cameras=("north",)))
    check_zone(None, SightingFilter())
    for cameras in ((), ("north", "south")):
        with pytest.raises(BadZone, match="exactly one camera"):
            check_zone(LEFT_HALF, SightingFilter(cameras=cameras))
