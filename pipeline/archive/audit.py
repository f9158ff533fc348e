"""The search log as a chain: every line carries the SHA-256 of itself and of the line before it.

Changing, removing or inserting a line breaks the chain from there on. Cutting off the end does not: note the newest
digest elsewhere now and then, and ask for it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from pipeline.archive.contract import SearchRecord
from pipeline.archive.rows import search_row_of
from pipeline.archive.schema import searches, write

FIRST = "0" * 64
_SIGNED = ("at_ms", "who", "reason", "what", "hits")


@dataclass(frozen=True, slots=True)
class Audit:
    """What a check found: `broken_at` is the number of the first line that does not fit, `digest` the newest.

    `noted` tells whether the digest asked for belongs to a line; None when none was asked for.
    """

    lines: int
    digest: str
    broken_at: int | None
    noted: bool | None

    @property
    def whole(self) -> bool:
        """Tell whether nothing was changed, as far as can be known."""
        return self.broken_at is None and self.noted is not False


def append_search(engine: Engine, entry: SearchRecord) -> None:
    """Add a line; durable on return."""
    with write(engine) as connection:
        append_line(connection, entry)


def append_line(connection: Connection, entry: SearchRecord) -> None:
    """Add a line within the caller's transaction."""
    row = search_row_of(entry)
    newest = select(searches.c.digest).order_by(searches.c.id.desc()).limit(1)
    before = connection.execute(newest).scalar_one_or_none() or FIRST
    connection.execute(insert(searches), row | {"digest": digest_of(before, row)})


def digest_of(before: str, row: Mapping[str, Any]) -> str:
    """Return the digest of a line, in hex, that follows one with the digest `before`."""
    text = json.dumps([before, *(row[name] for name in _SIGNED)])
    return hashlib.sha256(text.encode()).hexdigest()


def audit(engine: Engine, noted: str | None = None) -> Audit:
    """Follow the chain from its first line."""
    before, lines, broken_at, found = FIRST, 0, None, noted == FIRST
    with engine.connect() as connection:
        for row in connection.execute(select(searches).order_by(searches.c.id)).mappings():
            lines += 1
            expected = digest_of(before, dict(row))
            if broken_at is None and row["digest"] != expected:
                broken_at = lines
            before = row["digest"]
            found = found or (broken_at is None and before == noted)
    return Audit(lines, before, broken_at, None if noted is None else found)


def chain_up(connection: Connection) -> None:
    """Give digests to the lines of an archive that had none."""
    before = FIRST
    for row in connection.execute(select(searches).order_by(searches.c.id)).mappings().all():
        before = digest_of(before, dict(row))
        connection.execute(update(searches).where(searches.c.id == row["id"]).values(digest=before))
