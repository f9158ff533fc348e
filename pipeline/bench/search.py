"""How fast and how exactly an archive of N sightings answers, beside a flat FAISS index over the same rows."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.embeddings import Embeddings, EmbeddingSpace
from pipeline.archive import LocalArchive, Looks, Query, SightingFilter, open_archive
from pipeline.bench.county import FILTERS, County
from pipeline.bench.filled import Filled, load_filled, sort_of
from pipeline.bench.flat import Flat, percentiles
from pipeline.bench.looks import SEEN, FloatArray
from pipeline.bench.looks import Looks as Crowd
from pipeline.bench.machine import fixed_work_ms, machine
from pipeline.bench.truth import Truth
from pipeline.errors import BenchFailed

TOP = 50
QUERIES = 200
EXACT_QUERIES = 40  # whose recall is measured
WORDS_QUERIES = 50
BATCH = 5_000
_WARM_UP = 10
# As the words of a notice become them: a coat, a coat and trousers, a colour anywhere without another below.
ASKED_LOOKS = (
    Looks({"upper_colour": frozenset({"red"})}),
    Looks({"upper_colour": frozenset({"grey", "white"}), "lower_colour": frozenset({"black"})}),
    Looks({"any_colour": frozenset({"yellow"})}, {"lower_colour": frozenset({"blue"})}),
)

WALKED = ("residues.npy", "looks-*.npy")  # columns of segments

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FilterFigures:
    """Milliseconds per search of 50 hits; `selectivity` is the share of rows that pass.

    `flat_*` is exact search in memory by FAISS on one thread (one query makes no use of more), the work of turning the
    filter into a selector of single rows included; `flat_scan_p50_ms` leaves that out. `flat_told_p50_ms` is the least
    FAISS can do: it is told the rows beforehand, as a range where they are one, and walks through no others. They are
    None when no flat index was built. `words_*` are searches by looks, without a vector.
    """

    selectivity: float
    p50_ms: float
    p95_ms: float
    recall_at_50: float
    flat_p50_ms: float | None
    flat_p95_ms: float | None
    flat_scan_p50_ms: float | None
    flat_told_p50_ms: float | None
    words_p50_ms: float
    words_p95_ms: float


@dataclass(frozen=True, slots=True)
class SearchFigures:
    """What one run found; `appended_per_s` is durable, `fixed_work_ms` was taken before and after the searches.

    Bytes are the memory of a fresh reading process that no file backs, and the mapped columns that searches walk
    through; the vector file, the database and the other columns are touched for the hits alone.
    """

    rows: int
    dim: int
    vectors: str
    machine: str
    fixed_work_ms: tuple[float, float]
    appended_per_s: float
    seal_s: float
    open_s: float
    ram_bytes_per_vector: float
    filters: tuple[FilterFigures, ...]


def bench_search(
    folder: Path,
    rows: int,
    dim: int,
    *,
    isotropic: bool = False,
    real: FloatArray | None = None,
    with_flat: bool = True,
    report: Report,
) -> SearchFigures:
    """Fill an archive in a folder and measure it; `report` gets (what, done, of).

    Vectors are shaped like those of people, or after `real` ones, float32 (n, dim), or `isotropic`. The flat index is
    left out unless `with_flat`: it needs 4 * rows * dim bytes of memory. A folder that an earlier run of the same
    arguments filled is only measured; one of other arguments raises BenchFailed.
    """
    space = EmbeddingSpace("bench", "1", dim)
    county, looks = County(rows), Crowd(max(1, rows // SEEN), dim, isotropic=isotropic, real=real)
    asked = looks.sightings(QUERIES, 1)
    flat = Flat(dim) if with_flat else None
    sort = sort_of(real, isotropic=isotropic)
    filled = load_filled(folder)
    if filled is None:
        filled = _fill(folder, county, looks, space, asked, sort, report)
        filled.save(folder)
    elif not filled.is_of(rows, dim, sort):
        raise BenchFailed(
            f"{folder} was filled with {filled.rows} rows of {filled.dim}, {filled.vectors}: name another"
        )
    if flat is not None:
        _again(flat, looks, rows, report)
    memory, opened = _in_a_fresh_process(folder, looks.sightings(1, 0), space)
    with open_archive(folder, writable=False) as archive:
        figures, before_ms = [], fixed_work_ms()
        for number, where in enumerate(FILTERS.values()):
            report("searching", number, len(FILTERS))
            figures.append(_measure(archive, flat, county, where, asked, filled.best_rows(number), space))
        report("searching", len(FILTERS), len(FILTERS))
    return SearchFigures(
        rows,
        dim,
        sort,
        machine(),
        (before_ms, fixed_work_ms()),
        filled.appended_per_s,
        filled.seal_s,
        round(opened, 2),
        round(memory / rows, 1),
        tuple(figures),
    )


def _fill(
    folder: Path,
    county: County,
    looks: Crowd,
    space: EmbeddingSpace,
    asked: FloatArray,
    sort: str,
    report: Report,
) -> Filled:
    """Fill and seal; the rate is without the time to make sightings up."""
    truth = Truth(asked[:EXACT_QUERIES], [county.mask(where) for where in FILTERS.values()], TOP)
    done, spent = 0, 0.0
    with open_archive(folder, writable=True) as archive:
        for vectors in looks.batches(county.rows, BATCH):
            truth.see(done, vectors)
            records = county.records(done, vectors, space)
            began = time.perf_counter()
            archive.append(records)
            spent += time.perf_counter() - began
            done += len(vectors)
            report("filling", done, county.rows)
        began = time.perf_counter()
        report("sealing", 0, county.rows)
        archive.seal(report)
        sealed = time.perf_counter() - began
        report("sealing", county.rows, county.rows)
    return Filled(county.rows, looks.dim, sort, round(county.rows / spent, 1), round(sealed, 1), truth.best())


def _again(flat: Flat, looks: Crowd, rows: int, report: Report) -> None:
    """Make the same vectors up again, for the flat index."""
    done = 0
    for vectors in looks.batches(rows, BATCH):
        flat.add(vectors)
        done += len(vectors)
        report("flat index", done, rows)


def _measure(
    archive: LocalArchive,
    flat: Flat | None,
    county: County,
    where: SightingFilter,
    asked: FloatArray,
    exact: Sequence[set[int]],
    space: EmbeddingSpace,
) -> FilterFigures:
    ours, found = [], []
    for vector in asked:
        query = Query(Embeddings(vector[None], space), where, TOP)
        began = time.perf_counter()
        found.append(archive.search(query))
        ours.append(time.perf_counter() - began)
    right = sum(
        len(want & {hit.sighting.key.track_id - 1 for hit in hits}) for want, hits in zip(exact, found, strict=False)
    )
    whole: tuple[float | None, float | None] = (None, None)
    scan, told = None, None
    if flat is not None:
        whole, (scan, _), (told, _) = map(percentiles, flat.times(county, where, asked[:EXACT_QUERIES], TOP))
    return FilterFigures(
        round(float(county.mask(where).mean()), 5),
        *percentiles(ours[_WARM_UP:]),
        round(right / max(1, sum(map(len, exact))), 4),
        *whole,
        scan,
        told,
        *percentiles(_words(archive, where)),
    )


def _words(archive: LocalArchive, where: SightingFilter) -> list[float]:
    times = []
    for number in range(WORDS_QUERIES):
        began = time.perf_counter()
        archive.search_looks(ASKED_LOOKS[number % len(ASKED_LOOKS)], where, top=TOP)
        times.append(time.perf_counter() - began)
    return times


def _in_a_fresh_process(folder: Path, vector: FloatArray, space: EmbeddingSpace) -> tuple[float, float]:
    """Return (bytes, seconds) that opening and searching an archive takes a process that has nothing else in memory."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_opened, (folder, vector, space))


def _opened(folder: Path, vector: FloatArray, space: EmbeddingSpace) -> tuple[float, float]:
    before, began = _anonymous_bytes(), time.perf_counter()
    with open_archive(folder, writable=False) as archive:
        opened = time.perf_counter() - began
        for where in FILTERS.values():
            archive.search(Query(Embeddings(vector, space), where, TOP))
            archive.search_looks(ASKED_LOOKS[-1], where, top=TOP)
        walked = sum(path.stat().st_size for name in WALKED for path in folder.glob(f"segments/*/{name}"))
        return _anonymous_bytes() - before + walked, opened


def _anonymous_bytes() -> float:
    """Return the memory of this process that no file backs (Linux)."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon"):
            return 1_024.0 * int(line.split()[1])
    raise OSError("this system does not tell what memory a process uses")
