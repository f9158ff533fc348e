"""`zhian archive expire | forget`: what goes, with row, vector and picture; cases keep what they hold."""

from typing import Annotated

import typer

from models.kinds import Kind
from search_api.cli.caller import caller_name
from search_api.cli.consoles import progress_bar, results
from search_api.cli.options import ArchiveFolder
from search_api.errors import BadInput

STEP = 2_000
_DAY_MS = 86_400_000


def expire(
    archive: ArchiveFolder,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="Older than so many days.")],
    kind: Annotated[Kind | None, typer.Option(help="Only this kind.")] = None,
) -> None:
    """Erase sightings last seen longer ago, but for what cases hold; `zhian run` does it by itself.

    \b
    Example: zhian archive expire --archive store --days 30
    It stands in the search log.
    """
    from camera_adapters.clock import now_ms
    from pipeline.archive import SearchRecord, SightingFilter, open_archive

    before_ms = now_ms() - days * _DAY_MS
    with open_archive(archive, writable=True, create=False) as opened:
        gone, most = 0, opened.count(SightingFilter(kind=kind, to_ms=before_ms))
        with progress_bar("erasing · 删除") as bars:
            bars.update(bars.task_ids[0], total=most)
            while step := opened.expire(before_ms, kind=kind, limit=STEP):
                gone += step
                bars.update(bars.task_ids[0], completed=gone)
        if kind is None:
            opened.journal.forget(before_ms)
        what = {"action": "expire", "to_ms": before_ms, "kind": None if kind is None else str(kind)}
        opened.record_search(SearchRecord(now_ms(), caller_name(), f"older than {days} days", what, gone))
    results().print(f"{gone} sightings erased · 已删除 {gone} 条", markup=False)


def forget(
    archive: ArchiveFolder,
    sighting: Annotated[list[str], typer.Option(metavar="ID", help="This sighting; may be repeated.")],
    reason: Annotated[str, typer.Option(help="What for; kept in the archive's search log.")],
) -> None:
    """Erase sightings before their time, with row, vector and picture; one that a case holds is refused.

    \b
    Example: zhian archive forget --archive store --sighting 6f1c0a9d27b34e58a0c1 --reason "asked for by the one shown"
    """
    from camera_adapters.clock import now_ms
    from pipeline.archive import SearchRecord, open_archive

    if not reason.strip():
        raise BadInput("--reason is empty: say what for")
    ids = list(dict.fromkeys(sighting))
    with open_archive(archive, writable=True, create=False) as opened:
        for each in ids:
            opened.get(each)  # an id with a slip in it must not look erased
        # first the line, then the deed: nothing is erased that does not stand in the log
        what = {"action": "forget", "sightings": ids, "outcome": "ordered"}
        opened.record_search(SearchRecord(now_ms(), caller_name(), reason.strip(), what, 0))
        gone = opened.forget(ids)
    results().print(f"{gone} sightings erased · 已删除 {gone} 条", markup=False)
