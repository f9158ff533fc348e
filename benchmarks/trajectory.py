"""Ways through a made-up town: how much of the true way is found from one confirmed sighting, and where she goes next.

    python -m benchmarks.trajectory [--towns N]

`links`: of the pairs of consecutive true sightings, how many the way joins; of the links it has, how many join somebody
else, how many skip a true sighting. `alone` takes the same look-alikes without regard to travel time, at the threshold
that is as precise. `next`: at a moment between two true sightings, is the camera of the second among the first three
suggestions? `nearest` suggests the nearest cameras instead. The towns that the settings were chosen on are not among
those measured. Writes benchmarks/results/trajectory.json and trajectory.png.
"""

import argparse
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from benchmarks.evaluation_set import ROOT, write_result
from benchmarks.town import EPOCH_MS, Passing, Town, build
from camera_adapters.site import Position, Way
from models.kinds import Kind
from pipeline.archive import InMemoryArchive
from pipeline.coverage import archive_coverage
from pipeline.trajectory.graph import CameraGraph
from pipeline.trajectory.route import Trajectory
from pipeline.trajectory.suggestions import LastSeen, Suggestion, suggest
from pipeline.trajectory.tracing import Tracing, look_alikes, trace

FIRST_SEED = 2000  # settings were chosen on towns 100 to 103
PEOPLE_A_TOWN = 60
COUNTY = 10_000  # cameras
FEWEST = 5  # true sightings of somebody whose way is asked for


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question: the town, its archive, and the true sightings of one person by time."""

    town: Town
    archive: InMemoryArchive
    graph: CameraGraph
    person: int
    truth: tuple[str, ...]


def questions(towns: int, *, with_paths: bool) -> Iterator[Asked]:
    for seed in range(FIRST_SEED, FIRST_SEED + towns):
        town = build(seed)
        archive = town.archive()
        graph = CameraGraph.of(town.cameras, town.positions(), town.ways() if with_paths else [])
        truths = [tuple(p.sighting for p in passed if p.sighting) for passed in town.passings]
        people = [person for person, truth in enumerate(truths) if len(truth) >= FEWEST]
        for person in people[:PEOPLE_A_TOWN]:
            yield Asked(town, archive, graph, person, truths[person])


def count(ids: Sequence[str], confirmed: Sequence[str], truth: Sequence[str]) -> Counter[str]:
    """Count links and stops of one answer against the truth."""
    true, said, hers = set(itertools.pairwise(truth)), list(itertools.pairwise(ids)), set(truth)
    both = [pair for pair in said if set(pair) <= hers]
    added = [each for each in ids if each not in confirmed]
    return Counter(
        true_links=len(true),
        links=len(said),
        found=sum(pair in true for pair in said),
        skipping=sum(pair not in true for pair in both),
        false=len(said) - len(both),
        stops=len(added),
        hers=sum(each in hers for each in added),
        true_stops=len(truth) - len(confirmed),
    )


def shares(total: Counter[str]) -> dict[str, float]:
    return {
        "true_links_found": round(total["found"] / total["true_links"], 3),
        "false_links": round(total["false"] / max(total["links"], 1), 3),
        "links_that_skip_a_sighting": round(total["skipping"] / max(total["links"], 1), 3),
        "stops_precision": round(total["hers"] / max(total["stops"], 1), 3),
        "stops_recall": round(total["hers"] / total["true_stops"], 3),
    }


def linking(towns: int, *, with_paths: bool, confirm: int) -> dict[str, float]:
    total: Counter[str] = Counter()
    for asked in questions(towns, with_paths=with_paths):
        confirmed = [asked.truth[0], asked.truth[-1]][:confirm]
        way = trace(asked.archive, Tracing(confirmed), asked.graph)
        total += count([stop.sighting.id for stop in way.stops], confirmed, asked.truth)
    return shares(total)


def appearance_alone(towns: int, precision: float) -> dict[str, float]:
    """Return what the same look-alikes give without travel times, at the lowest threshold that is as precise."""
    asked = list(questions(towns, with_paths=True))
    found = [look_alikes(each.archive, [each.archive.get(each.truth[0])], Tracing(each.truth[:1])) for each in asked]
    result: dict[str, float] = {}
    for threshold in np.arange(-2.0, 6.0, 0.25):
        total: Counter[str] = Counter()
        for question, candidates in zip(asked, found, strict=True):
            first = question.archive.get(question.truth[0])
            chosen = [first, *(c.sighting for c in candidates if c.evidence > threshold)]
            ids = [s.id for s in sorted(chosen, key=lambda s: (s.first_seen_ms, s.id))]
            total += count(ids, question.truth[:1], question.truth)
        result = {"threshold": float(threshold), **shares(total)}
        if result["stops_precision"] >= precision:
            break
    return result


def next_camera(towns: int, *, with_paths: bool) -> dict[str, float]:
    """Return how often the next camera is among the first suggestions, and among the nearest cameras."""
    ranks: list[int] = []
    nearest: list[int] = []
    for asked in questions(towns, with_paths=with_paths):
        rng = np.random.default_rng([asked.person, len(asked.truth)])
        seen = [p for p in asked.town.passings[asked.person] if p.sighting]
        for place in range(len(seen) - 1):
            here, there = seen[place], seen[place + 1]
            if there.camera == here.camera:
                continue
            now_s = here.at_s + rng.uniform(0.1, 0.95) * (there.at_s - here.at_s)
            order = [each.camera_id for each in suggested(asked, seen[: place + 1], now_s)]
            ranks.append(order.index(asked.town.cameras[there.camera]))
            metres = asked.graph.ways_from(here.camera)[0]
            by_distance = [int(i) for i in np.argsort(metres, kind="stable") if i != here.camera]
            nearest.append(by_distance.index(there.camera))
    first = {f"top_{n}": round(float(np.mean(np.array(ranks) < n)), 3) for n in (1, 3, 5)}
    return {"moments": len(ranks), **first, "nearest_top_3": round(float(np.mean(np.array(nearest) < 3)), 3)}


def suggested(asked: Asked, seen: Sequence[Passing], now_s: float) -> list[Suggestion]:
    names = [asked.town.cameras[passing.camera] for passing in seen]
    before = next((name for name in reversed(names) if name != names[-1]), None)
    last_ms, now_ms = (EPOCH_MS + round(1000 * at) for at in (seen[-1].at_s, now_s))
    covered = archive_coverage(asked.archive, asked.town.cameras, last_ms, max(now_ms, last_ms + 1))
    watched = {each.camera_id: each for each in covered}
    return suggest(LastSeen(names[-1], last_ms, before), now_ms, asked.graph, Kind.PERSON, watched)


def county() -> dict[str, float]:
    """Return how long the graph of a county takes, the ways between a trajectory's cameras, and the suggestions."""
    chance = random.Random(7)
    ids = [f"k{number:05d}" for number in range(COUNTY)]
    positions = {one: Position(120.7 + 0.4 * chance.random(), 30.7 + 0.4 * chance.random()) for one in ids}
    ways = [Way(one, other, 200.0) for one, other in itertools.pairwise(ids[: COUNTY // 2])]
    spent = [time.perf_counter()]
    graph = CameraGraph.of(ids, positions, ways)
    spent.append(time.perf_counter())
    graph.between(chance.sample(ids, 60))
    spent.append(time.perf_counter())
    suggest(LastSeen(ids[-1], 0), 3_600_000, graph, Kind.PERSON, {})
    spent.append(time.perf_counter())
    made, between, suggested_s = (round(b - a, 3) for a, b in itertools.pairwise(spent))
    return {"cameras": COUNTY, "graph_s": made, "between_sixty_cameras_s": between, "suggestions_s": suggested_s}


def draw(asked: Asked, way: Trajectory) -> None:
    """Draw the town, her true walk and the way that was found."""
    mpl.use("Agg")
    figure = Figure(figsize=(8.5, 8), layout="constrained", dpi=110)
    axes = figure.subplots()
    town, places = asked.town, asked.town.places
    streets = town.streets
    for a, b in zip(*streets.coords, strict=True):
        axes.plot(*places[[a, b]].T, color="#dddddd", linewidth=3, zorder=1)
    cameras = places[town.camera_nodes]
    axes.scatter(*cameras.T, s=36, color="#5c6b7a", zorder=3, label="camera")
    broken = cameras[list(town.outages)]
    axes.scatter(*broken.T, s=110, facecolors="none", edgecolors="#c2410c", zorder=3, label="camera with an outage")
    track = places[town.tracks[asked.person][:, 1].astype(int)]
    axes.plot(*track.T, color="#0f5c8a", alpha=0.35, linewidth=6, zorder=2, label="where she walked")
    stops = [cameras[town.cameras.index(stop.sighting.key.camera_id)] for stop in way.stops]
    axes.plot(*np.array(stops).T, color="#15803d", linewidth=2, zorder=4, label="the way that was found")
    for number, (stop, place) in enumerate(zip(way.stops, stops, strict=True), 1):
        right = stop.sighting.id in asked.truth
        axes.scatter(*place, s=150, color="#15803d" if right else "#c2410c", zorder=5)
        axes.annotate(str(number), place, color="white", ha="center", va="center", fontsize=8, zorder=6)
    axes.set(title="From one confirmed sighting (1): green is hers, red is somebody else", aspect="equal")
    axes.set(xlabel="metres east", ylabel="metres north")
    axes.legend(loc="upper left", fontsize=8)
    figure.savefig(ROOT / "results" / "trajectory.png")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="trajectory")
    parser.add_argument("--towns", type=int, default=4)
    towns = parser.parse_args(argv).towns
    one = linking(towns, with_paths=True, confirm=1)
    result = {
        "towns": towns,
        "people_asked_for": sum(1 for _ in questions(towns, with_paths=True)),
        "one_confirmed": one,
        "one_confirmed_positions_only": linking(towns, with_paths=False, confirm=1),
        "first_and_last_confirmed": linking(towns, with_paths=True, confirm=2),
        "appearance_alone_as_precise": appearance_alone(towns, one["stops_precision"]),
        "next_camera": next_camera(towns, with_paths=True),
        "next_camera_positions_only": next_camera(towns, with_paths=False),
        "county": county(),
    }
    shown = max(questions(1, with_paths=True), key=lambda each: len(each.truth))
    draw(shown, trace(shown.archive, Tracing(shown.truth[:1]), shown.graph))
    write_result("trajectory", result)
    for name, value in result.items():
        print(name, value)
    return int(one["stops_precision"] < 0.85 or one["true_links_found"] < 0.45)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
