"""One peer of `search_peers`, in a process of its own: `python search_peer.py NAME FOLDER`.

Imports nothing of the product, only numpy and the peer. FOLDER holds rows.npz (vectors float32 (n, d) of length 1,
community, seen_ms) and asked.json: queries, and filters as {"communities", "from_ms", "to_ms"}. Prints one line of
JSON: seconds to build, bytes of memory, and by filter the milliseconds and the rows found of each query.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TOP = 50
LONGEST_S = 20.0  # a filter's queries end here, after three of them at least

Filter = dict[str, Any]
Search = Callable[[np.ndarray, Filter], list[int]]


class Rows:
    def __init__(self, folder: Path) -> None:
        held = np.load(folder / "rows.npz")
        self.vectors, self.community, self.seen_ms = held["vectors"], held["community"], held["seen_ms"]
        self.folder = folder

    def mask(self, where: Filter) -> np.ndarray:
        chosen = np.ones(len(self.vectors), bool)
        if where["communities"]:
            chosen &= np.isin(self.community, where["communities"])
        if where["from_ms"] is not None:
            chosen &= (self.seen_ms >= where["from_ms"]) & (self.seen_ms < where["to_ms"])
        return chosen


def conditions(where: Filter, both: str = " AND ", one_of: str = "({})") -> str:
    """Return a filter as SQL and its cousins write it."""
    parts = []
    if where["communities"]:
        parts.append("community in " + one_of.format(", ".join(map(str, where["communities"]))))
    if where["from_ms"] is not None:
        parts.append(f"seen_ms >= {where['from_ms']}{both}seen_ms < {where['to_ms']}")
    return both.join(parts)


def of_faiss(rows: Rows, index: Any, **parameters: Any) -> Search:
    import faiss

    faiss.omp_set_num_threads(1)
    dim = rows.vectors.shape[1]
    made = index(faiss, dim)
    if not made.is_trained:
        made.train(rows.vectors[:: max(1, len(rows.vectors) // 100_000)])
    made.add(rows.vectors)
    kinds = {"IndexIVFFlat": faiss.SearchParametersIVF, "IndexHNSWFlat": faiss.SearchParametersHNSW}
    kind = kinds.get(type(made).__name__, faiss.SearchParameters)

    def search(vector: np.ndarray, where: Filter) -> list[int]:
        mask = rows.mask(where)
        chosen = {} if mask.all() else {"sel": faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))}
        return made.search(vector[None], TOP, params=kind(**chosen, **parameters))[1][0].tolist()

    return search


def faiss_flat(rows: Rows) -> Search:
    return of_faiss(rows, lambda faiss, dim: faiss.IndexFlatIP(dim))


def faiss_ivf(rows: Rows) -> Search:
    lists = int(4 * np.sqrt(len(rows.vectors)))

    def index(faiss: Any, dim: int) -> Any:
        return faiss.index_factory(dim, f"IVF{lists},Flat", faiss.METRIC_INNER_PRODUCT)

    return of_faiss(rows, index, nprobe=64)


def faiss_hnsw(rows: Rows) -> Search:
    return of_faiss(rows, lambda faiss, dim: faiss.IndexHNSWFlat(dim, 32, faiss.METRIC_INNER_PRODUCT), efSearch=256)


def hnswlib(rows: Rows) -> Search:
    import hnswlib

    index = hnswlib.Index("ip", rows.vectors.shape[1])
    index.init_index(len(rows.vectors), M=32, ef_construction=200)
    index.set_num_threads(1)
    index.add_items(rows.vectors)
    index.set_ef(256)

    def search(vector: np.ndarray, where: Filter) -> list[int]:
        mask = rows.mask(where)
        passes = None if mask.all() else mask.__getitem__
        for top in (TOP, 20, 5, 1):
            try:
                return index.knn_query(vector[None], top, num_threads=1, filter=passes)[0][0].tolist()
            except RuntimeError:  # it found fewer than were asked for, and gives none of them
                continue
        return []

    return search


def usearch(rows: Rows) -> Search:
    from usearch.index import Index

    index = Index(ndim=rows.vectors.shape[1], metric="ip", dtype="f32", connectivity=32, expansion_search=256)
    index.add(np.arange(len(rows.vectors)), rows.vectors, threads=1)

    def search(vector: np.ndarray, where: Filter) -> list[int]:
        if where["communities"] or where["from_ms"] is not None:
            raise NotImplementedError("its Python face takes no filter")
        return index.search(vector, TOP, threads=1).keys.tolist()

    return search


def lancedb(rows: Rows) -> Search:
    import lancedb
    import pyarrow as pa

    flat = pa.FixedSizeListArray.from_arrays(pa.array(rows.vectors.ravel()), rows.vectors.shape[1])
    columns = {"id": np.arange(len(rows.vectors)), "community": rows.community, "seen_ms": rows.seen_ms}
    table = lancedb.connect(rows.folder / "lance").create_table("rows", pa.table({**columns, "vector": flat}))

    def search(vector: np.ndarray, where: Filter) -> list[int]:
        asked = table.search(vector).distance_type("dot").limit(TOP).select(["id"])
        if conditions(where):
            asked = asked.where(conditions(where), prefilter=True)
        return asked.to_arrow()["id"].to_pylist()

    return search


def qdrant(rows: Rows) -> Search:
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    config = models.VectorParams(size=rows.vectors.shape[1], distance=models.Distance.DOT)
    client.create_collection("rows", vectors_config=config)
    for start in range(0, len(rows.vectors), 5_000):
        ids = list(range(start, min(start + 5_000, len(rows.vectors))))
        payloads = [{"community": int(rows.community[i]), "seen_ms": int(rows.seen_ms[i])} for i in ids]
        client.upsert("rows", models.Batch(ids=ids, vectors=rows.vectors[ids].tolist(), payloads=payloads))

    def search(vector: np.ndarray, where: Filter) -> list[int]:
        must: list[Any] = []
        if where["communities"]:
            must.append(models.FieldCondition(key="community", match=models.MatchAny(any=where["communities"])))
        if where["from_ms"] is not None:
            span = models.Range(gte=where["from_ms"], lt=where["to_ms"])
            must.append(models.FieldCondition(key="seen_ms", range=span))
        chosen = models.Filter(must=must) if must else None
        found = client.query_points("rows", query=vector.tolist(), query_filter=chosen, limit=TOP, with_payload=False)
        return [int(point.id) for point in found.points]

    return search


def milvus_lite(rows: Rows) -> Search:
    from pymilvus import MilvusClient

    client = MilvusClient(str(rows.folder / "milvus.db"))
    client.create_collection("rows", dimension=rows.vectors.shape[1], metric_type="IP")
    for start in range(0, len(rows.vectors), 2_000):
        ids = range(start, min(start + 2_000, len(rows.vectors)))
        facts = [{"id": i, "community": int(rows.community[i]), "seen_ms": int(rows.seen_ms[i])} for i in ids]
        client.insert("rows", [{**each, "vector": rows.vectors[each["id"]].tolist()} for each in facts])

    def search(vector: np.ndarray, where: Filter) -> list[int]:
        chosen = conditions(where, " and ", "[{}]")
        found = client.search("rows", [vector.tolist()], filter=chosen, limit=TOP)
        return [int(hit["id"]) for hit in found[0]]

    return search


def sqlite_vec(rows: Rows) -> Search:
    import pysqlite3 as sqlite3  # Python's own is often built without extensions
    import sqlite_vec

    database = sqlite3.connect(rows.folder / "vec.sqlite")
    database.enable_load_extension(True)
    sqlite_vec.load(database)
    dim = rows.vectors.shape[1]
    database.execute(
        "CREATE VIRTUAL TABLE held USING vec0(id INTEGER PRIMARY KEY, community INTEGER, seen_ms INTEGER, "
        f"vector FLOAT[{dim}] distance_metric=cosine)"
    )
    facts = zip(rows.community.tolist(), rows.seen_ms.tolist(), rows.vectors, strict=True)
    database.executemany(
        "INSERT INTO held VALUES (?, ?, ?, ?)",
        ((i, community, seen, vector.tobytes()) for i, (community, seen, vector) in enumerate(facts)),
    )
    database.commit()

    def search(vector: np.ndarray, where: Filter) -> list[int]:
        chosen = "".join(f" AND {part}" for part in [conditions(where)] if part)
        asked = f"SELECT id FROM held WHERE vector MATCH ? AND k = {TOP}{chosen}"
        return [row[0] for row in database.execute(asked, [vector.tobytes()])]

    return search


PEERS = {
    each.__name__: each
    for each in (faiss_flat, faiss_ivf, faiss_hnsw, hnswlib, usearch, lancedb, qdrant, milvus_lite, sqlite_vec)
}


def measured(search: Search, asked: np.ndarray, where: Filter) -> dict[str, Any]:
    times: list[float] = []
    found: list[list[int]] = []
    try:
        search(asked[0], where)  # warms up
        for vector in asked:
            began = time.perf_counter()
            found.append(search(vector, where))
            times.append((time.perf_counter() - began) * 1_000)
            if sum(times) > LONGEST_S * 1_000 and len(times) >= 3:
                break
    except NotImplementedError as error:
        return {"not_offered": str(error)}
    return {"ms": times, "found": found}


def anonymous_bytes() -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(1_024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def main(name: str, folder: Path) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows = Rows(folder)
    question = json.loads((folder / "asked.json").read_text("utf-8"))
    asked = np.array(question["queries"], np.float32)
    before, began = anonymous_bytes(), time.perf_counter()
    search = PEERS[name](rows)
    built, held = time.perf_counter() - began, anonymous_bytes() - before
    filters = [measured(search, asked, where) for where in question["filters"]]
    print(json.dumps({"build_s": built, "bytes": held, "filters": filters}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
