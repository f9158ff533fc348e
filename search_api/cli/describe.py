"""`zhian describe`: attributes of crops, such as the colours of clothing."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.kinds import Kind
from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.options import Pictures
from search_api.cli.outputs import check_output, whole_file
from search_api.errors import BadInput

if TYPE_CHECKING:
    from models.attributes import VehicleAttributes
    from models.clothing import ClothingReader
    from search_api.cli.images import Listed

BATCH = 32


def describe(
    places: Pictures,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="F.json", help="Write the attributes to this file.")
    ] = None,
    kind: Annotated[Kind, typer.Option("--kind", help="What the crops show.")] = Kind.PERSON,
) -> None:
    """Say what is worn in crops of a person, or which colour a vehicle has.

    Crops are pictures of one person or vehicle each.

    \b
    Example: zhian describe crops/ --out described.json
    Writes a list of {"image", "kind", "attributes"}; attributes are upper_colour and lower_colour of a person, colour
    of a vehicle, each {"value", "confidence"}. Values: black white grey red blue yellow orange brown green purple cyan
    pink (the names of GA/T 1400), or unknown.
    """
    from search_api.cli.images import list_images

    if out:
        check_output(out)
    listed = list_images(places)
    reader = _reader(kind)
    remark(f"attributes: {reader.name} ({reader.choice.why})")
    rows = list(_describe_all(listed, reader, kind))
    if out:
        with whole_file(out) as unfinished:
            lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
            unfinished.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    _show(rows, out)


def _reader(kind: Kind) -> "ClothingReader | VehicleAttributes":
    from models.attributes import load_vehicle_attributes
    from models.clothing import load_clothing_reader

    if kind == Kind.PERSON:
        return load_clothing_reader()
    if kind == Kind.MOTOR_VEHICLE:
        return load_vehicle_attributes(min_confidence=0.0)
    raise BadInput(f"nothing was measured to be right for {kind}: describe {Kind.PERSON} or {Kind.MOTOR_VEHICLE}")


def _describe_all(
    listed: Sequence["Listed"], reader: "ClothingReader | VehicleAttributes", kind: Kind
) -> Iterator[dict[str, Any]]:
    from search_api.cli.images import batches, read_images

    with progress_bar("pictures") as bars:
        bars.update(bars.task_ids[0], total=len(listed))
        for batch in batches(read_images(listed, remark), BATCH):
            found = reader.read([[image] for _, image in batch], [[1.0]] * len(batch))
            for (entry, _), attributes in zip(batch, found, strict=True):
                told = {
                    name: {"value": one.value, "confidence": round(one.confidence, 3)}
                    for name, one in attributes.items()
                }
                yield {"image": entry.name, "kind": str(kind), "attributes": told}
            bars.advance(bars.task_ids[0], len(batch))


def _show(rows: Sequence[dict[str, Any]], out: Path | None) -> None:
    from rich.table import Table

    names = list(rows[0]["attributes"])
    if out:
        told = "; ".join(f"{name} {_counted(rows, name)}" for name in names)
        results().print(f"{len(rows)} pictures: {told} → {out}", markup=False)
        return
    table = Table("image", *names)
    for row in rows:
        cells = [f"{one['value']} {one['confidence']:.2f}" for one in row["attributes"].values()]
        table.add_row(row["image"], *cells)
    results().print(table)


def _counted(rows: Sequence[dict[str, Any]], name: str) -> str:
    counts = Counter(row["attributes"][name]["value"] for row in rows)
    return ", ".join(f"{n} {value}" for value, n in counts.most_common())
