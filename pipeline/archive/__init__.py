"""Sightings that stay: the contract, the archive in one folder, and its in-memory double."""

from pipeline.archive.contract import (
    Archive,
    CaseCursor,
    CaseHold,
    Changes,
    Cursor,
    Hit,
    HoldOrder,
    ModelUse,
    Query,
    SearchRecord,
    SightingFilter,
    Stored,
)
from pipeline.archive.journal import Journal, Span, SpanState
from pipeline.archive.local import LocalArchive
from pipeline.archive.looks import Looks
from pipeline.archive.memory import InMemoryArchive
from pipeline.archive.opening import open_archive

__all__ = [
    "Archive",
    "CaseCursor",
    "CaseHold",
    "Changes",
    "Cursor",
    "Hit",
    "HoldOrder",
    "InMemoryArchive",
    "Journal",
    "LocalArchive",
    "Looks",
    "ModelUse",
    "Query",
    "SearchRecord",
    "SightingFilter",
    "Span",
    "SpanState",
    "Stored",
    "open_archive",
]
