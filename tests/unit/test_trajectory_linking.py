"""Ways worked out by hand: who is on them, who is not, and what is flagged."""

import numpy as np
import pytest
from scipy.stats import norm

from camera_adapters.site import Way
from models.kinds import Kind
from pipeline.sighting import Shot, Sighting, TrackletKey
from pipeline.trajectory.chance import Strangers
from pipeline.trajectory.graph import CameraGraph
from pipeline.trajectory.linking import link
from pipeline.trajectory.route import Candidate, Verdict

# a — 330 m — b — 330 m — c: five minutes each at the usual 1.1 m/s, 110 s at the fastest 3 m/s
GRAPH = CameraGraph.of(["a", "b", "c", "x"], {}, [Way("a", "b", 330), Way("b", "c", 330)])


def seen(camera: str, at_s: float, for_s: float = 5.0, *, evidence: float | None = None) -> Candidate:
    """Return a candidate; without evidence a confirmed one."""
    key = TrackletKey(camera, "s", round(at_s * 10))
    first, last = round(1000 * at_s), round(1000 * (at_s + for_s))
    shot = Shot(first, (0, 0, 1, 1), 0.9, 0.9)
    sighting = Sighting(f"{camera}{at_s:g}", key, Kind.PERSON, "", first, last, shot, (10, 10), 9)
    if evidence is None:
        return Candidate(sighting, confirmed=True)
    return Candidate(sighting, confirmed=False, score=0.7, evidence=evidence)


def names(candidates: list[Candidate]) -> list[str]:
    return [candidate.sighting.id for candidate in link(candidates, GRAPH, Kind.PERSON).stops]


def test_a_look_alike_at_the_right_time_fills_the_way() -> None:
    way = link([seen("c", 610), seen("b", 305, evidence=4.0), seen("a", 0)], GRAPH, Kind.PERSON)
    assert [stop.sighting.id for stop in way.stops] == ["a0", "b305", "c610"]
    assert [leg.verdict for leg in way.legs] == [Verdict.FEASIBLE] * 2
    assert (way.legs[0].metres, way.legs[0].seconds, way.flagged) == (330.0, 300.0, 0)
    assert way.legs[0].speed == pytest.approx(1.1)


def test_a_look_alike_who_would_have_had_to_fly_is_set_aside() -> None:
    way = link([seen("a", 0), seen("c", 60, evidence=8.0), seen("b", 305, evidence=4.0)], GRAPH, Kind.PERSON)
    assert [stop.sighting.id for stop in way.stops] == ["a0", "b305"]
    assert [(each.candidate.sighting.id, each.clashes_with) for each in way.set_aside] == [("c60", "a0")]


def test_between_two_who_cannot_both_be_her_the_better_sum_wins() -> None:
    """b and c within ten seconds: c is more alike, b was there at the right time after a."""
    candidates = [seen("a", 0), seen("b", 305, evidence=5.0), seen("c", 315, evidence=5.5)]
    assert names(candidates) == ["a0", "b305"]
    assert names([seen("a", 0), seen("b", 305, evidence=5.0), seen("c", 315, evidence=7.5)]) == ["a0", "c315"]


def test_an_impossible_leg_between_confirmed_sightings_is_flagged_not_hidden() -> None:
    way = link([seen("a", 0), seen("c", 30), seen("b", 400, evidence=6.0)], GRAPH, Kind.PERSON)
    assert [stop.sighting.id for stop in way.stops] == ["a0", "c30", "b400"]
    assert [leg.verdict for leg in way.legs] == [Verdict.INFEASIBLE, Verdict.FEASIBLE]
    assert way.flagged == 1
    assert way.legs[0].speed == pytest.approx(660 / 25)


def test_two_confirmed_at_once_in_two_places_are_both_kept() -> None:
    way = link([seen("a", 0, 60), seen("c", 20, 60)], GRAPH, Kind.PERSON)
    assert [leg.verdict for leg in way.legs] == [Verdict.INFEASIBLE]
    assert way.legs[0].seconds == -40
    assert way.legs[0].speed is None


def test_nobody_knows_the_way_to_x() -> None:
    way = link([seen("a", 0), seen("x", 20, evidence=6.0)], GRAPH, Kind.PERSON)
    assert [(leg.verdict, leg.metres) for leg in way.legs] == [(Verdict.UNKNOWN, None)]


def test_no_evidence_no_stop() -> None:
    assert names([seen("a", 0), seen("b", 3000, evidence=-1.0), seen("c", 9000, evidence=-3.0)]) == ["a0"]


def test_an_e_bike_may_be_faster_than_a_walker() -> None:
    candidates = [seen("a", 0), seen("c", 65)]
    assert link(candidates, GRAPH, Kind.PERSON).flagged == 1
    assert link(candidates, GRAPH, Kind.NON_MOTOR_VEHICLE).flagged == 0


def test_one_sighting_is_a_way_and_none_is_not() -> None:
    way = link([seen("a", 0)], GRAPH, Kind.PERSON)
    assert (len(way.stops), list(way.legs)) == (1, [])
    with pytest.raises(ValueError, match="at least one"):
        link([], GRAPH, Kind.PERSON)


@pytest.mark.parametrize("known", [300, 5000])
def test_strangers_are_read_off_the_list_and_hers_at_its_top_do_not_matter(known: int) -> None:
    count = 5000
    scores = norm(0.3, 0.1).ppf((np.arange(count) + 0.5) / count)[::-1]
    scores[:8] = 0.9
    strangers = Strangers.of(list(scores[:known]), count)
    assert strangers.mean == pytest.approx(0.3, abs=0.01)
    assert strangers.deviation == pytest.approx(0.1, abs=0.01)
    # the score that one of 5000 strangers reaches by chance is no evidence at all
    chance = norm(0.3, 0.1).isf(1 / count)
    assert strangers.evidence([chance])[0] == pytest.approx(0.0, abs=0.6)
    assert strangers.evidence([0.9, 0.0]).tolist() == [8.0, -4.0]


def test_few_or_equal_scores_are_taken_as_they_are() -> None:
    assert Strangers.of([], 0) == Strangers(0, 0.0, 0.02)
    assert Strangers.of([0.4], 1).mean == pytest.approx(0.4)
    assert Strangers.of([0.4, 0.4, 0.4], 3).deviation == 0.02
