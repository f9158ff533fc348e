"""The tables of watches, and rows from and to them."""

import json
from typing import Any

import numpy as np
from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, RowMapping, String, Table

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.alerting.alert import Severity
from pipeline.alerting.database import metadata
from pipeline.alerting.watches.watch import Target, Watch
from pipeline.archive.contract import SightingFilter
from pipeline.archive.looks import Looks, Values

STORED = np.dtype("<f4")

watches = Table(
    "watches",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("target", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("requester", String, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("expires_ms", Integer, nullable=False),
    Column("budget_per_day", Float, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("again_after_s", Float, nullable=False),
    Column("words", String, nullable=False),
    Column("same_as", String, nullable=False),
    Column("withdrawn_ms", Integer),
    Column("withdrawn_by", String, nullable=False),
    Column("withdrawn_why", String, nullable=False),
    Index("watches_by_expiry", "withdrawn_ms", "expires_ms"),
)

# What tells how somebody looks, apart from the watch: it goes when the watch is over, the watch's record stays.
pictures = Table(
    "watch_pictures",
    metadata,
    Column("watch_id", ForeignKey("watches.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("space", String, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("crop", LargeBinary, nullable=False),
)

hits = Table(
    "watch_hits",
    metadata,
    Column("watch_id", ForeignKey("watches.id"), primary_key=True),
    Column("sighting_id", String, primary_key=True),
    Column("camera_id", String, nullable=False),
    Column("first_ms", Integer, nullable=False),
    Column("last_ms", Integer, nullable=False),
    Column("score", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("alert_id", String, nullable=False),
    Index("watch_hits_by_time", "watch_id", "last_ms"),
)

scores = Table(
    "watch_scores",
    metadata,
    Column("watch_id", ForeignKey("watches.id"), primary_key=True),
    Column("camera_id", String, primary_key=True),
    Column("counts", String, nullable=False),
)

cursors = Table(
    "follower_cursors",
    metadata,
    Column("follower", String, primary_key=True),
    Column("change", Integer, nullable=False),
)

TABLES = (watches, pictures, hits, scores, cursors)


def row_of(watch: Watch) -> dict[str, Any]:
    """Return the row of a watch, without its pictures."""
    plain = {c.name: getattr(watch, c.name) for c in watches.columns if c.name not in {"target", "same_as"}}
    return plain | {
        "severity": int(watch.severity),
        "same_as": json.dumps(list(watch.same_as)),
        "target": json.dumps(_target_values(watch.target), ensure_ascii=False),
    }


def watch_of(row: RowMapping, vectors: Embeddings | None) -> Watch:
    """Return the watch in a row, with the vectors of its pictures."""
    plain = {c.name: row[c.name] for c in watches.columns if c.name not in {"target", "same_as", "severity"}}
    target = _target_of(json.loads(row["target"]), vectors)
    return Watch(**plain, target=target, severity=Severity(row["severity"]), same_as=tuple(json.loads(row["same_as"])))


def vectors_of(rows: list[RowMapping]) -> Embeddings | None:
    """Return the vectors of a watch's pictures, all of one space, or None without any."""
    if not rows:
        return None
    vectors = np.stack([np.frombuffer(row["vector"], STORED) for row in rows]).astype(np.float32)
    return Embeddings(vectors, EmbeddingSpace.parse(rows[0]["space"]))


def _target_values(target: Target) -> dict[str, Any]:
    where = target.where
    return {
        "kind": None if where.kind is None else str(where.kind),
        "from_ms": where.from_ms,
        "to_ms": where.to_ms,
        "cameras": list(where.cameras),
        "communities": list(where.communities),
        "wanted": _listed(target.looks.wanted),
        "without": _listed(target.looks.without),
        "plate": target.plate,
    }


def _target_of(values: dict[str, Any], vectors: Embeddings | None) -> Target:
    kind = values["kind"]
    where = SightingFilter(
        None if kind is None else Kind(kind),
        values["from_ms"],
        values["to_ms"],
        tuple(values["cameras"]),
        tuple(values["communities"]),
    )
    looks = Looks(*({name: frozenset(v) for name, v in values[part].items()} for part in ("wanted", "without")))
    return Target(where, vectors, looks, values["plate"])


def _listed(values: Values) -> dict[str, list[str]]:
    return {name: sorted(each) for name, each in values.items()}
