"""Legal holds: sightings that a case keeps, whatever their age, until it releases them."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from pipeline.archive.audit import append_line
from pipeline.archive.contract import CaseCursor, CaseHold, HoldOrder, SearchRecord
from pipeline.archive.schema import IDS_AT_ONCE, holds, sightings, write
from pipeline.errors import UnknownSighting


def place_hold(engine: Engine, sighting_ids: Sequence[str], order: HoldOrder) -> int:
    """Hold sightings for a case and write the order into the log, in one transaction; return how many are new."""
    wanted = list(dict.fromkeys(sighting_ids))
    values = {"case_id": order.case, "at_ms": order.at_ms, "who": order.who, "reason": order.reason}
    with write(engine) as connection:
        known = _known(connection, wanted)
        for name in wanted:
            if name not in known:
                raise UnknownSighting(name)
        before = _count(connection, order.case)
        rows = [{"sighting_id": name, **values} for name in wanted]
        if rows:
            connection.execute(upsert(holds).on_conflict_do_nothing(), rows)
        placed = _count(connection, order.case) - before
        append_line(connection, line_of("hold", order, placed))
    return placed


def lift_hold(engine: Engine, order: HoldOrder) -> int:
    """Release all that a case holds and write the order into the log; return how many sightings it held."""
    with write(engine) as connection:
        lifted = connection.execute(delete(holds).where(holds.c.case_id == order.case)).rowcount
        append_line(connection, line_of("release", order, lifted))
    return lifted


def holds_by_case(connection: Connection, limit: int | None, after: CaseCursor | None) -> list[CaseHold]:
    """Return the cases that hold sightings, the newest first, ties by name; `after` a place in that list."""
    c = holds.c
    since = func.min(c.at_ms)
    first = select(c.case_id, c.who, c.reason, since.label("since_ms"), func.count().label("sightings"))
    newest_first = first.group_by(c.case_id).order_by(since.desc(), c.case_id).limit(limit)
    if after is not None:
        behind = (since < after.since_ms) | ((since == after.since_ms) & (c.case_id > after.case))
        newest_first = newest_first.having(behind)
    return [
        CaseHold(row.case_id, row.since_ms, row.who, row.reason, row.sightings)
        for row in connection.execute(newest_first)
    ]


def held_by(connection: Connection, case: str, limit: int | None, after: str) -> list[str]:
    """Return the ids of the sightings that a case holds, sorted, those behind `after`."""
    c = holds.c
    chosen = select(c.sighting_id).where(c.case_id == case, c.sighting_id > after).order_by(c.sighting_id).limit(limit)
    return list(connection.scalars(chosen))


def line_of(action: str, order: HoldOrder, count: int) -> SearchRecord:
    """Return the line of the log for an order."""
    return SearchRecord(order.at_ms, order.who, order.reason, {"action": action, "case": order.case}, count)


def _known(connection: Connection, ids: Sequence[str]) -> set[str]:
    c = sightings.c
    parts = (ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE))
    return {name for part in parts for name in connection.scalars(select(c.id).where(c.id.in_(part)))}


def _count(connection: Connection, case: str) -> int:
    counted: int = connection.execute(select(func.count()).where(holds.c.case_id == case)).scalar_one()
    return counted
