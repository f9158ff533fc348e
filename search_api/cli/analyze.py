"""`zhian analyze`: recordings into an archive."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.engines import know_engines
from search_api.cli.options import ArchiveFolder, ModelName

if TYPE_CHECKING:
    from camera_adapters.site import Camera, Region
    from pipeline.analyze import Summary


def analyze(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="Recordings, or folders of recordings.")],
    archive: ArchiveFolder,
    camera: Annotated[str, typer.Option(metavar="ID", help="The camera that recorded them.")],
    start: Annotated[
        str | None, typer.Option(metavar="ISO", help="When the first recording starts; without a zone: local time.")
    ] = None,
    community: Annotated[str, typer.Option(metavar="ID", help="The community the camera belongs to.")] = "",
    fps: Annotated[float, typer.Option(min=0.1, max=60, help="Analyse so many frames a second.")] = 5.0,
    far: Annotated[
        str | None,
        typer.Option(metavar="L,T,R,B", help="Where people are small, in shares of the picture: looked at twice."),
    ] = None,
    model: ModelName = None,
    embedder: Annotated[str | None, typer.Option(metavar="NAME", help="Network for the appearance of persons.")] = None,
) -> None:
    """Keep who was seen in recordings, as fast as it goes.

    \b
    Example: zhian analyze noon.mp4 --archive store --camera north-gate --start 2026-05-01T12:00:00+08:00
    Running it again on the same recording adds nothing twice.
    """
    from camera_adapters.site import Camera
    from search_api.cli.sources import check_sources
    from search_api.inputs import check_name, parse_time

    check_sources(sources)
    start_ms = parse_time(start) if start else None
    device = Camera(
        id=check_name("--camera", camera),
        source="",
        community=community,
        pace="fast",
        start_ms=start_ms,
        analysis_fps=fps,
        far_region=None if far is None else _region(far),
    )
    summary = _analyze(sources, archive, device, model, embedder)
    counted = ", ".join(f"{n} {kind}" for kind, n in summary.sightings.items() if n) or "nobody"
    results().print(
        f"{counted} in {summary.frames} frames, {summary.elapsed_s:.1f} s → archive {archive}", markup=False
    )


def _region(text: str) -> "Region":
    """Return the region that `left,top,right,bottom` names; raises BadInput."""
    from pydantic import ValidationError

    from pipeline.site_settings import RegionSettings
    from search_api.errors import BadInput

    sides = text.split(",")
    try:
        return RegionSettings.model_validate(dict(zip(("left", "top", "right", "bottom"), sides, strict=True))).region()
    except (ValidationError, ValueError):
        raise BadInput(
            f"--far {text}: give left,top,right,bottom as shares of the picture, such as 0,0,1,0.4 for its upper part"
        ) from None


def _analyze(
    sources: list[Path], archive: Path, camera: "Camera", model: str | None, embedder: str | None
) -> "Summary":
    from pipeline.analyze import Progress
    from pipeline.analyze import analyze as analyse
    from pipeline.archive import open_archive
    from pipeline.assembly import load_networks
    from pipeline.settings import ModelSettings
    from search_api.inputs import iso

    models = ModelSettings(detector=model, person_embedder=embedder)
    know_engines(models)
    networks = load_networks(models)
    spaces = ", ".join(sorted({e.space.name for e in networks.embedders.values()}))
    remark(f"detector: {networks.detector.name} ({networks.detector.choice.why}); embedders: {spaces}")
    store = open_archive(archive, writable=True)
    try:
        with progress_bar("frames") as bars:

            def show(at: Progress) -> None:
                text = f"{at.source.name} {iso(at.at_ms)[:19]}, {at.sightings} sightings, frames"
                bars.update(bars.task_ids[0], completed=at.frames, total=at.expected, description=text)

            return analyse(
                sources,
                archive=store,
                camera=camera,
                networks=networks,
                progress=show,
            )
    finally:
        store.close()
