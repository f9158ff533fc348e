"""From labels and unlabelled crops to the file that is bundled."""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.clothing.colours import COLOURS
from models.clothing.preparation import HEIGHT, WIDTH
from models.training.clothing.alterations import Dyes
from models.training.clothing.bodies import bodies, load_pose
from models.training.clothing.labels import Labels, held_out_sources, read_labels
from models.training.clothing.network import THIGH, TRUNK, ClothingNetwork, Exported
from models.training.clothing.run import Bodies, learn_colours, learn_parts, tensor
from models.training.export import shipped

SEED = 1
_OPSET = 18


def produce(labels: Path, shared: Path, pose: Path, out: Path) -> None:
    """Train and write the network; see `__main__`. Raises BadPicture, OSError."""
    held_out = held_out_sources(labels)
    files = sorted(file for file in (shared / "crops").glob("*/*.jpg") if file.parent.name not in held_out)
    _tell(f"{len(files)} unlabelled crops")
    ground = Bodies(*bodies(files, load_pose(pose)))
    learned = read_labels(labels, shared, "development")
    _tell(f"{len(ground.pictures)} bodies, {len(learned.crops)} labelled crops")
    export(train(learned, ground, SEED), out)


def train(labels: Labels, ground: Bodies, seed: int) -> ClothingNetwork:
    """Return one trained network."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = ClothingNetwork()
    learn_parts(network, ground, rng, _tell)
    learn_colours(network, labels, ground, garment_colours(network, labels), rng, _tell)
    network.eval()
    return network


def garment_colours(network: ClothingNetwork, labels: Labels) -> Dyes:
    """Return the mean CIELAB of every labelled garment where the network sees trunk and thighs."""
    small = np.stack([cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for crop in labels.crops])
    with torch.no_grad():
        shares = network.eval()(tensor(small))[0].softmax(1).numpy()[:, [TRUNK, THIGH]] + 1e-4
    halves = [cv2.resize(crop, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA) for crop in small]
    lab = np.stack([cv2.cvtColor(half.astype(np.float32) / 255, cv2.COLOR_BGR2LAB) for half in halves])
    means = np.einsum("njhw,nhwc->njc", shares, lab) / shares.sum((2, 3))[..., None]
    return Dyes({number: _of(means, labels.numbers, number) for number in range(len(COLOURS))})


def _of(means: NDArray[np.float32], numbers: NDArray[np.int64], number: int) -> NDArray[np.float32]:
    found: NDArray[np.float32] = means[numbers == number].astype(np.float32)
    return found


def export(network: ClothingNetwork, out: Path) -> None:
    """Write ONNX: input `picture` float32 (n, 3, 64, 32), BGR, 0..255; output `colour` (n, 2, 12), probabilities.

    Weights are rounded to fp16, stored so, and widened on loading.
    """
    torch.onnx.export(
        Exported(network).eval(),
        (torch.full((2, 3, HEIGHT, WIDTH), 128.0),),
        str(out),
        input_names=["picture"],
        output_names=["colour"],
        dynamic_shapes={"picture": {0: torch.export.Dim("n")}},
        external_data=False,
        opset_version=_OPSET,
        verbose=False,
    )
    out.write_bytes(shipped(out.read_bytes()))


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
