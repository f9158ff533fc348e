"""The tables of residents in care, and rows from and to them."""

from typing import Any

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, RowMapping, String, Table

from pipeline.alerting.alert import Severity
from pipeline.alerting.care.resident import Companion, Consent, Resident
from pipeline.alerting.database import metadata
from pipeline.alerting.watches.tables import vectors_of

residents = Table(
    "residents",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("guardian", String, nullable=False),
    Column("community", String, nullable=False),
    Column("exit_cameras", String, nullable=False),
    Column("consent_by", String, nullable=False),
    Column("consent_ms", Integer, nullable=False),
    Column("consent_record", String, nullable=False),
    Column("enrolled_by", String, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("expires_ms", Integer, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("home_by_min", Integer),
    Column("not_seen_h", Float),
    Column("budget_per_day", Float, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("withdrawn_ms", Integer),
    Column("withdrawn_by", String, nullable=False),
    Column("withdrawn_why", String, nullable=False),
    Column("quiet_from_min", Integer),
    Column("quiet_to_min", Integer),
    Column("changed_ms", Integer),
)

# How she and her companions look; `companion` is "" for herself. Erased with the enrolment.
pictures = Table(
    "resident_pictures",
    metadata,
    Column("resident_id", ForeignKey("residents.id"), primary_key=True),
    Column("companion", String, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("space", String, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("crop", LargeBinary, nullable=False),
)

# Where she was seen: `due_ms` is when to decide who left with her, NULL when that is decided or she did not leave.
# `company` is what was decided.
seen = Table(
    "resident_sightings",
    metadata,
    Column("resident_id", ForeignKey("residents.id"), primary_key=True),
    Column("sighting_id", String, primary_key=True),
    Column("camera_id", String, nullable=False),
    Column("last_ms", Integer, nullable=False),
    Column("score", Float, nullable=False),
    Column("due_ms", Integer),
    Column("company", String),
    Index("resident_sightings_by_time", "resident_id", "last_ms"),
    Index("resident_sightings_due", "due_ms"),
)

TABLES = (residents, pictures, seen)
_CONSENT = ("consent_by", "consent_ms", "consent_record")
_QUIET = ("quiet_from_min", "quiet_to_min")
_APART = {"vectors", "companions", "consent", "exit_cameras", "severity", "quiet"}


def row_of(resident: Resident) -> dict[str, Any]:
    """Return the row of a resident, without pictures."""
    consent = (resident.consent.by, resident.consent.at_ms, resident.consent.record)
    plain = {name: getattr(resident, name) for name in Resident.__slots__ if name not in _APART}
    return plain | {
        "severity": int(resident.severity),
        "exit_cameras": "\n".join(resident.exit_cameras),
        **dict(zip(_QUIET, resident.quiet or (None, None), strict=True)),
        **dict(zip(_CONSENT, consent, strict=True)),
    }


def resident_of(row: RowMapping, photos: list[RowMapping]) -> Resident:
    """Return the resident in a row, with the rows of her pictures and those of her companions."""
    plain = {name: row[name] for name in Resident.__slots__ if name not in _APART}
    own = vectors_of([each for each in photos if not each["companion"]])
    companions = []
    for name in dict.fromkeys(each["companion"] for each in photos if each["companion"]):
        theirs = [each for each in photos if each["companion"] == name]
        vectors = vectors_of(theirs)
        assert vectors is not None
        companions.append(Companion(name, theirs[0]["name"], vectors))
    return Resident(
        **plain,
        exit_cameras=tuple(filter(None, row["exit_cameras"].split("\n"))),
        vectors=own,
        consent=Consent(*(row[name] for name in _CONSENT)),
        severity=Severity(row["severity"]),
        quiet=None if row["quiet_from_min"] is None else (row["quiet_from_min"], row["quiet_to_min"]),
        companions=tuple(companions),
    )
