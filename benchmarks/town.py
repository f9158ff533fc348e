"""A made-up town for measuring trajectories: streets, cameras, outages, and people who walk past and look alike.

Appearance follows `person_small` on PETS re-entry: cosines of the same person .56 ± .17, of two people .14 ± .10. What
a camera sees of somebody is her look mixed with what that moment adds; the share differs from sighting to sighting.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from camera_adapters.site import Position, Way
from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import InMemoryArchive, Span, SpanState
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SPACE = EmbeddingSpace("town", "made-up", 128)
SIDE, BLOCK_M, JITTER_M = 10, 140.0, 30.0
CAMERAS, PEOPLE, HOURS = 36, 500, 3.0
COMMON, OUTFITS, OUTFIT_SHARE = 0.14, 30, 0.3
SHARE, SHARE_SPREAD = 0.70, 0.20  # how much of a sighting is her own look
SEES = 0.85  # passers-by that become a sighting
ORIGIN = Position(120.92, 30.84)
EPOCH_MS = 1_777_608_000_000


@dataclass(frozen=True, slots=True)
class Passing:
    """Somebody was at a camera; `sighting` is None when it missed her or was down."""

    camera: int
    at_s: float
    sighting: str | None


@dataclass(slots=True)
class Town:
    """`places` float64 (n, 2) metres east and north of `ORIGIN`; `passings` by person, in order of time."""

    places: np.ndarray
    streets: coo_array
    camera_nodes: np.ndarray
    outages: dict[int, tuple[float, float]]
    passings: list[list[Passing]] = field(default_factory=list)
    tracks: list[np.ndarray] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    @property
    def cameras(self) -> list[str]:
        return [f"c{number:02d}" for number in range(len(self.camera_nodes))]

    def positions(self) -> dict[str, Position]:
        east, north = (self.places[self.camera_nodes] / 111_195.0).T
        lon = ORIGIN.lon + east / np.cos(np.radians(ORIGIN.lat))
        return {
            name: Position(float(x), float(y)) for name, x, y in zip(self.cameras, lon, ORIGIN.lat + north, strict=True)
        }

    def ways(self, within_m: float = 500.0) -> list[Way]:
        """What a careful operator would measure: the ways between cameras that are near each other."""
        metres = dijkstra(self.streets, directed=False, indices=self.camera_nodes)[:, self.camera_nodes]
        names = self.cameras
        pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names)) if metres[i, j] <= within_m]
        return [Way(names[i], names[j], float(metres[i, j])) for i, j in pairs]

    def archive(self) -> InMemoryArchive:
        archive = InMemoryArchive()
        archive.append(self.records)
        end = EPOCH_MS + round(HOURS * 3_600_000)
        for number, name in enumerate(self.cameras):
            down = [EPOCH_MS + round(1000 * at) for at in self.outages.get(number, (0.0, 0.0))]
            spans = [
                (EPOCH_MS, down[0], SpanState.LIVE),
                (down[0], down[1], SpanState.DOWN),
                (down[1], end, SpanState.LIVE),
            ]
            archive.journal.note([Span(name, "s", state, a, b, b) for a, b, state in spans if b > a])
        return archive


def build(seed: int) -> Town:
    """Return a town with all its people; the same for the same seed."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2) * BLOCK_M
    places = grid + rng.uniform(-JITTER_M, JITTER_M, grid.shape)
    streets = _streets(places, rng)
    nodes = np.sort(rng.choice(len(places), CAMERAS, replace=False))
    broken = rng.choice(CAMERAS, CAMERAS // 4, replace=False)
    starts = rng.uniform(0, HOURS * 3600 * 0.7, len(broken))
    lengths = rng.uniform(1200, 4800, len(broken))
    outages = {int(c): (float(a), float(a + n)) for c, a, n in zip(broken, starts, lengths, strict=True)}
    town = Town(places, streets, nodes, outages)
    _, before = dijkstra(streets, directed=False, return_predecessors=True)
    looks = _Looks(rng)
    for _ in range(PEOPLE):
        _walk(town, before, rng, looks)
    return town


def _streets(places: np.ndarray, rng: np.random.Generator) -> coo_array:
    """Return the grid's streets without one in eight."""
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    pairs = [
        (a, b)
        for one, other in ((number[:, :-1], number[:, 1:]), (number[:-1], number[1:]))
        for a, b in zip(one.ravel(), other.ravel(), strict=True)
    ]
    kept = np.array(pairs)[rng.random(len(pairs)) > 0.125]
    metres = np.linalg.norm(places[kept[:, 0]] - places[kept[:, 1]], axis=1) * 1.05  # streets bend
    return coo_array((metres, (kept[:, 0], kept[:, 1])), shape=(SIDE**2, SIDE**2))


class _Looks:
    """Vectors of people and of what is seen of them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._common = self._direction()
        self._outfits = np.stack([self._direction() for _ in range(OUTFITS)])

    def person(self) -> np.ndarray:
        outfit = self._outfits[self._rng.integers(OUTFITS)]
        return np.sqrt(OUTFIT_SHARE) * outfit + np.sqrt(1 - OUTFIT_SHARE) * self._direction()

    def seen(self, own: np.ndarray) -> np.ndarray:
        share = float(np.clip(self._rng.normal(SHARE, SHARE_SPREAD), 0.1, 0.97))
        look = share * own + np.sqrt(1 - share**2) * self._direction()
        vector = np.sqrt(COMMON) * self._common + np.sqrt(1 - COMMON) * look
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def _direction(self) -> np.ndarray:
        vector = self._rng.normal(size=SPACE.dim)
        return np.asarray(vector / np.linalg.norm(vector))


def _walk(town: Town, before: np.ndarray, rng: np.random.Generator, looks: _Looks) -> None:
    """Send one person over one to three errands; note every camera she passes."""
    speed = float(np.exp(rng.normal(np.log(1.1), 0.25)))
    at_s, node, own = float(rng.uniform(0, HOURS * 3600 * 0.8)), int(rng.integers(SIDE**2)), looks.person()
    person, track, passed = len(town.passings), [(at_s, node)], []
    for _ in range(int(rng.integers(1, 4))):
        for following in _route(before, node, int(rng.integers(SIDE**2))):
            at_s += float(np.linalg.norm(town.places[node] - town.places[following])) * 1.05 / speed
            node = following
            track.append((at_s, node))
            if node in town.camera_nodes and at_s < HOURS * 3600:
                camera = int(np.searchsorted(town.camera_nodes, node))
                passed.append(Passing(camera, at_s, _see(town, person, camera, at_s, rng, looks.seen(own))))
        at_s += float(rng.exponential(300.0))
    town.passings.append(passed)
    town.tracks.append(np.array(track))


def _route(before: np.ndarray, start: int, goal: int) -> list[int]:
    """Return the nodes after `start` up to `goal`; none when no street leads there."""
    way = [goal]
    while way[-1] != start and before[start, way[-1]] >= 0:
        way.append(int(before[start, way[-1]]))
    return way[-2::-1] if way[-1] == start else []


def _see(town: Town, person: int, camera: int, at_s: float, rng: np.random.Generator, vector: np.ndarray) -> str | None:
    down = town.outages.get(camera, (0.0, 0.0))
    if rng.random() > SEES or down[0] <= at_s < down[1]:
        return None
    key = TrackletKey(town.cameras[camera], f"{person}", round(at_s * 10))
    first, last = (EPOCH_MS + round(1000 * (at_s + half * rng.uniform(2, 6))) for half in (-1, 1))
    shot = Shot(first, (0.0, 0.0, 40.0, 100.0), 0.9, 0.8)
    sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "", first, last, shot, (640, 360), 20)
    town.records.append(Record(sighting, vector, SPACE, b"\xff\xd8"))
    return sighting.id
