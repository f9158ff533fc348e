"""`zhian archive hold | release | holds`: what a case keeps, whatever its age."""

from typing import TYPE_CHECKING, Annotated

import typer

from models.kinds import Kind
from search_api.cli.caller import caller_name
from search_api.cli.consoles import results
from search_api.cli.options import ArchiveFolder
from search_api.errors import BadInput

if TYPE_CHECKING:
    from pipeline.archive.contract import HoldOrder

CaseId = Annotated[str, typer.Option("--case", metavar="ID", help="The case, as your files name it.")]
Reason = Annotated[str, typer.Option(help="What for; kept in the archive's search log.")]


def hold(
    archive: ArchiveFolder,
    case: CaseId,
    reason: Reason,
    sighting: Annotated[list[str] | None, typer.Option(metavar="ID", help="This sighting; may be repeated.")] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="T", help="All from this time on; ISO 8601.")] = None,
    to: Annotated[str | None, typer.Option(metavar="T", help="All before this time; ISO 8601.")] = None,
    camera: Annotated[list[str] | None, typer.Option(metavar="ID", help="All of this camera; may be repeated.")] = None,
    community: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="All of this community; may be repeated.")
    ] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only this kind.")] = None,
) -> None:
    """Keep sightings for a case: they neither expire nor can be forgotten until it releases them.

    \b
    Examples:
      zhian archive hold --archive store --case 2026-114 --reason "last seen" --sighting 6f1c0a9d27b34e58a0c1
      zhian archive hold --archive store --case 2026-114 --reason "that afternoon" --camera gate
          --from 2026-05-01T12:00+08:00 --to 2026-05-01T18:00+08:00
    """
    from pipeline.archive import SightingFilter, open_archive
    from pipeline.holding import ids_to_hold
    from pipeline.search import check_filter
    from search_api.inputs import parse_time

    where = SightingFilter(
        kind=kind,
        from_ms=parse_time(from_) if from_ else None,
        to_ms=parse_time(to) if to else None,
        cameras=tuple(camera or ()),
        communities=tuple(community or ()),
    )
    if bool(sighting) == (where != SightingFilter()):
        raise BadInput(
            "say what to hold: either --sighting ID, or a time and place by --from, --to, --camera, --community, --kind"
        )
    order = _order(case, reason)
    with open_archive(archive, writable=False) as opened:
        if sighting:
            ids = list(sighting)
        else:
            check_filter(where, opened.cameras(), opened.communities())
            ids = list(ids_to_hold(opened, where))
        placed = opened.hold(ids, order)
        held = sum(each.sightings for each in opened.holds() if each.case == case)
    results().print(
        f"{placed} sightings more, {held} held by {case} · 新增留存 {placed} 条，{case} 共留存 {held} 条", markup=False
    )


def release(archive: ArchiveFolder, case: CaseId, reason: Reason) -> None:
    """End everything a case holds: what is older than its days goes with the next sweep.

    \b
    Example: zhian archive release --archive store --case 2026-114 --reason "closed, found well"
    """
    from pipeline.archive import open_archive

    order = _order(case, reason)
    with open_archive(archive, writable=False) as opened:
        cases = [each.case for each in opened.holds()]
        if case not in cases:
            known = ", ".join(cases) or "none"
            raise BadInput(f"case {case} holds nothing in this archive: cases that do are {known}")
        lifted = opened.release(order)
    results().print(f"{lifted} sightings released by {case} · {case} 解除留存 {lifted} 条", markup=False)


def holds(archive: ArchiveFolder) -> None:
    """List the cases that hold sightings.

    \b
    Example: zhian archive holds --archive store
    """
    from rich.table import Table

    from pipeline.archive import open_archive
    from search_api.inputs import iso

    with open_archive(archive, writable=False) as opened:
        found = opened.holds()
    if not found:
        results().print("no case holds anything · 没有案件留存记录", markup=False)
        return
    table = Table("case · 案件", "since · 起始", "who · 申请人", "reason · 事由", "sightings · 记录")
    for each in found:
        table.add_row(each.case, iso(each.since_ms), each.who, each.reason, f"{each.sightings:,}")
    results().print(table)


def _order(case: str, reason: str) -> "HoldOrder":
    from camera_adapters.clock import now_ms
    from pipeline.archive import HoldOrder
    from search_api.inputs import check_name

    if not reason.strip():
        raise BadInput("--reason is empty: say what for")
    return HoldOrder(check_name("--case", case), caller_name(), reason.strip(), now_ms())
