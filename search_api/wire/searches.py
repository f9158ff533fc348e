"""The log of searches on the wire."""

from pydantic import Field

from pipeline.archive.contract import SearchRecord
from search_api.inputs import iso
from search_api.wire.base import Wire


class SearchLogOut(Wire):
    """One line of the search log: when, who, what for, what, and how much was found."""

    at: str
    at_ms: int
    who: str
    reason: str
    what: dict[str, object]
    hits: int
    line: int = Field(description="its number in the log, from 1; `before` of the next page", default=0)


def search_log_out(entry: SearchRecord) -> SearchLogOut:
    """Return the wire form of one line of the search log."""
    return SearchLogOut(
        at=iso(entry.at_ms),
        at_ms=entry.at_ms,
        who=entry.who,
        reason=entry.reason,
        what=dict(entry.what),
        hits=entry.hits,
        line=entry.line,
    )
