"""Distances worked out by hand, and what the site's paths change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.site import Position, Way
from pipeline.trajectory import edges
from pipeline.trajectory.graph import CameraGraph, Distance
from pipeline.trajectory.travel import EARTH_M, great_circle_m, great_circles_m

PLACES = st.builds(Position, st.floats(-180, 180), st.floats(-85, 85))


def test_a_degree_of_latitude_is_111_km() -> None:
    degree = EARTH_M * np.pi / 180
    assert great_circle_m(Position(120, 30), Position(120, 31)) == pytest.approx(degree)
    assert great_circle_m(Position(120, 60), Position(121, 60)) == pytest.approx(degree / 2, rel=1e-4)
    assert great_circle_m(Position(120, 30), Position(120, 30)) == 0


@given(st.lists(PLACES, min_size=1, max_size=5))
def test_all_at_once_is_one_by_one_and_there_is_back(places: list[Position]) -> None:
    metres = great_circles_m(np.array([p.lon for p in places]), np.array([p.lat for p in places]))
    for i, one in enumerate(places):
        for j, other in enumerate(places):
            assert metres[i, j] == pytest.approx(great_circle_m(one, other), abs=1e-3)
            assert metres[i, j] == pytest.approx(metres[j, i], abs=1e-3)
            assert metres[i, j] <= np.pi * EARTH_M + 1


NORTH = {f"c{n}": Position(120.0, 30.0 + n / 1000) for n in range(4)}  # 111.2 m from one to the next


def test_positions_stand_in_for_paths() -> None:
    graph = CameraGraph.of(["c0", "c1", "c2"], NORTH, [], detour=1.3)
    there = graph.distance("c0", "c2")
    assert there is not None and there.estimated
    assert there.metres == pytest.approx(1.3 * 2 * EARTH_M * np.pi / 180 / 1000)
    assert graph.distance("c1", "c1") == Distance(0.0, estimated=False)


def test_paths_count_over_several_cameras_and_are_not_cut_short_by_guesses() -> None:
    ways = [Way("c0", "c1", 500), Way("c1", "c2", 700)]
    graph = CameraGraph.of(["c0", "c1", "c2", "c3"], NORTH, ways)
    assert graph.distance("c0", "c2") == Distance(1200.0, estimated=False)  # though 289 m as guessed
    to_c3 = graph.distance("c0", "c3")
    assert to_c3 is not None and to_c3.estimated
    assert to_c3.metres == pytest.approx(1.3 * 333.6, rel=1e-3)


def test_a_one_way_path_has_no_way_back_but_round() -> None:
    ways = [Way("c0", "c1", 100, one_way=True), Way("c1", "c2", 100, one_way=True), Way("c2", "c0", 50, one_way=True)]
    graph = CameraGraph.of(["c0", "c1", "c2"], NORTH, ways)
    assert graph.distance("c1", "c0") == Distance(150.0, estimated=False)
    alone = CameraGraph.of(["c0", "c1"], NORTH, ways[:1])
    assert alone.distance("c0", "c1") == Distance(100.0, estimated=False)
    assert alone.distance("c1", "c0") is None
    round_c3 = CameraGraph.of(["c0", "c1", "c3"], NORTH, ways[:1])
    back = round_c3.distance("c1", "c0")
    assert back is not None and back.estimated
    assert back.metres == pytest.approx(1.3 * (222.4 + 333.6), rel=1e-3)


def test_what_nobody_knows_is_said() -> None:
    graph = CameraGraph.of(["c0", "c1", "lost"], NORTH, [])
    assert graph.distance("c0", "lost") is None
    assert graph.distance("c0", "elsewhere") is None
    assert graph.distance("elsewhere", "elsewhere") == Distance(0.0, estimated=False)
    metres = graph.between(["c0", "lost", "c0", "elsewhere", "elsewhere"])
    assert metres[0, 2] == metres[3, 4] == metres[1, 1] == 0
    assert np.isinf(metres[0, 1]) and np.isinf(metres[0, 3]) and np.isinf(metres[1, 3])
    assert CameraGraph.of([], {}, []).distance("a", "b") is None


def test_two_cameras_at_one_gate_are_a_way_of_nothing() -> None:
    graph = CameraGraph.of(["a", "b", "c"], {}, [Way("a", "b", 0), Way("b", "c", 40)])
    there = graph.distance("a", "c")
    assert there is not None and there.metres == pytest.approx(40, abs=0.01)


def all_pairs(cameras: list[str], positions: dict[str, Position], ways: list[Way]) -> tuple[np.ndarray, np.ndarray]:
    """Return metres and whether they are estimated, said in another way: all pairs by Floyd and Warshall."""

    def shortest(edges: np.ndarray) -> np.ndarray:
        found = edges.copy()
        for via in range(len(found)):
            found = np.minimum(found, found[:, via : via + 1] + found[via])
        np.fill_diagonal(found, 0.0)
        return found

    edges = np.full((len(cameras), len(cameras)), np.inf)
    for way in ways:
        here, there = cameras.index(way.from_id), cameras.index(way.to_id)
        for a, b in ((here, there),) if way.one_way else ((here, there), (there, here)):
            edges[a, b] = min(edges[a, b], max(way.metres, 1e-3))
    stated = shortest(edges)
    lon, lat = (np.array([getattr(positions.get(c), axis, np.nan) for c in cameras]) for axis in ("lon", "lat"))
    guessed = np.maximum(np.nan_to_num(1.3 * great_circles_m(lon, lat), nan=np.inf), 1e-3)
    joined = np.where(np.isinf(stated) & np.isinf(stated.T), guessed, edges)
    metres = np.where(np.isinf(stated), shortest(joined), stated)
    return metres, np.isinf(stated) & np.isfinite(metres)


SITES = st.tuples(
    st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 9), st.integers(0, 9))), min_size=1, max_size=7),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3000), st.booleans()), max_size=8),
)


def site_of(
    site: tuple[list[tuple[int, int] | None], list[tuple[int, int, int, bool]]],
) -> tuple[list[str], dict[str, Position], list[Way]]:
    places, paths = site
    cameras = [f"c{n}" for n in range(len(places))]
    positions = {
        camera: Position(120 + at[0] / 500, 30 + at[1] / 500)
        for camera, at in zip(cameras, places, strict=True)
        if at is not None
    }
    ways = [Way(f"c{a}", f"c{b}", float(m), one) for a, b, m, one in paths if a < len(places) > b and a != b]
    return cameras, positions, ways


@given(SITES)
def test_ways_from_one_are_those_of_all_pairs(
    site: tuple[list[tuple[int, int] | None], list[tuple[int, int, int, bool]]],
) -> None:
    cameras, positions, ways = site_of(site)
    graph = CameraGraph.of(cameras, positions, ways)
    metres, estimated = all_pairs(cameras, positions, ways)
    np.testing.assert_allclose(graph.between(cameras), metres, atol=0.02)
    np.testing.assert_array_equal([graph.ways_from(n)[1] for n in range(len(cameras))], estimated)
    near = graph.among(np.arange(len(cameras)), 500.0)
    np.testing.assert_allclose(near[metres <= 500], metres[metres <= 500], atol=0.02)


@given(SITES)
def test_of_a_large_site_no_way_comes_out_too_short(
    site: tuple[list[tuple[int, int] | None], list[tuple[int, int, int, bool]]],
) -> None:
    cameras, positions, ways = site_of(site)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edges, "ALL_PAIRS", 1)
        patch.setattr(edges, "NEAREST", 1)
        graph = CameraGraph.of(cameras, positions, ways)
    metres, _ = all_pairs(cameras, positions, ways)
    found = graph.between(cameras)
    assert np.all(found >= metres - 0.02)
    if not ways:
        np.testing.assert_allclose(found, metres, atol=0.02)
