"""`zhian embed`: appearance vectors of crops."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.kinds import Kind
from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.options import ModelName, OfKind, Pictures
from search_api.cli.outputs import check_output, whole_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.embedder import Embedder
    from search_api.cli.images import Listed

BATCH = 32


def embed(
    places: Pictures,
    out: Annotated[Path, typer.Option("--out", metavar="F.npz", help="Write names and vectors to this file.")],
    kind: OfKind = Kind.PERSON,
    model: ModelName = None,
) -> None:
    """Compute appearance vectors of crops.

    Crops are pictures of one person or vehicle each.

    \b
    Example: zhian embed crops/ --out vectors.npz
    Writes two arrays: names (n,) and vectors (n, d), float32, each of length 1.
    """
    import numpy as np

    from models.embedder import load_embedder
    from search_api.cli.images import list_images

    check_output(out)
    listed = list_images(places)
    embedder = load_embedder(model, kind=kind)
    remark(f"embedder: {embedder.space.name} ({embedder.space.version})")
    names, vectors = _embed_all(listed, embedder)
    with whole_file(out) as unfinished, unfinished.open("wb") as file:
        np.savez(file, names=np.array(names), vectors=vectors)
    results().print(f"{len(names)} vectors of {vectors.shape[1]} → {out}", markup=False)


def _embed_all(listed: Sequence["Listed"], embedder: "Embedder") -> "tuple[list[str], NDArray[np.float32]]":
    import numpy as np

    from search_api.cli.images import batches, read_images

    names: list[str] = []
    parts = []
    with progress_bar("pictures") as bars:
        bars.update(bars.task_ids[0], total=len(listed))
        for batch in batches(read_images(listed, remark), BATCH):
            names += [entry.name for entry, _ in batch]
            parts.append(embedder.embed([image for _, image in batch]).vectors)
            bars.advance(bars.task_ids[0], len(batch))
    return names, np.concatenate(parts)
