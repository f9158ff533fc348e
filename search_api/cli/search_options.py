"""What `zhian search` may be asked."""

from pathlib import Path
from typing import Annotated

import typer

Photos = Annotated[
    list[Path] | None, typer.Option("--photo", metavar="IMG", help="A photo of the one to find; may be repeated.")
]
Words = Annotated[
    str | None, typer.Option("--words", metavar="TEXT", help="How they look, when and where; Chinese or English.")
]
Top = Annotated[int, typer.Option("--top", min=1, max=10_000, help="How many hits at most.")]
From = Annotated[str | None, typer.Option("--from", metavar="T", help="Not before; ISO 8601, no zone: local time.")]
To = Annotated[str | None, typer.Option("--to", metavar="T", help="Not after; ISO 8601.")]
Cameras = Annotated[list[str] | None, typer.Option("--camera", metavar="ID", help="Only this camera; may be repeated.")]
Communities = Annotated[
    list[str] | None, typer.Option("--community", metavar="ID", help="Only this community; may be repeated.")
]
InZone = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="L,T,R,B",
        help="Only this part of the one camera's picture, in shares of it; or corners 'X,Y X,Y X,Y'.",
    ),
]
Boxes = Annotated[
    list[str] | None,
    typer.Option("--box", metavar="X1,Y1,X2,Y2", help="Where in the photo, in pixels; one for each photo, in order."),
]
Persons = Annotated[
    list[int] | None,
    typer.Option("--person", min=1, metavar="N", help="Which one, when the photo shows several; one for each photo."),
]
Like = Annotated[str | None, typer.Option("--like", metavar="ID", help="More like this sighting, instead of a photo.")]
Confirmed = Annotated[
    list[str] | None,
    typer.Option("--confirm", metavar="ID", help="This sighting is of the one meant; may be repeated."),
]
Rejected = Annotated[
    list[str] | None, typer.Option("--reject", metavar="ID", help="This sighting is not; may be repeated.")
]
OtherCoat = Annotated[
    bool, typer.Option("--coat-may-have-changed", help="Look past what is worn above the waist.", show_default=False)
]
Rerank = Annotated[
    str, typer.Option("--rerank", metavar="HOW", help="Order of the best hits: expansion, k_reciprocal or none.")
]
Grouped = Annotated[
    bool, typer.Option("--group/--no-group", help="One hit for a visit, or one for each of its sightings.")
]
PhotoDetector = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Detector for the photo; default: the best here.")
]
Site = Annotated[
    Path | None,
    typer.Option("--site", metavar="F.yaml", help="Configuration with the names of cameras and communities."),
]
Reason = Annotated[str, typer.Option("--reason", help="What for; kept in the archive's search log.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Pictures = Annotated[
    Path | None,
    typer.Option("--pictures", metavar="DIR", help="With --json: write the pictures of the hits into this folder."),
]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="F.html", help="Write a contact sheet with the pictures to this."),
]
