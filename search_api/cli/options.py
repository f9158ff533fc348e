"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from models.kinds import Kind

Pictures = Annotated[list[Path], typer.Argument(metavar="IMAGE_OR_DIR...", help="Pictures, or folders of pictures.")]
ModelName = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Network to use (zhian models list); default: the best here."),
]
OfKind = Annotated[Kind, typer.Option("--kind", help="What to look for.")]
ArchiveFolder = Annotated[Path, typer.Option("--archive", metavar="DIR", help="Folder of the archive.")]
