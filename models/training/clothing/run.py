"""Learning: body parts first, from drawn bodies; then colours, from labelled crops and dyed bodies, parts beside."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.clothing.colours import COLOURS
from models.detections import Image
from models.training.clothing.alterations import UNSEEN, Dyes, altered, dyed, relit
from models.training.clothing.labels import Labels
from models.training.clothing.network import ClothingNetwork

FloatArray = NDArray[np.float32]
PART_STEPS, EPOCHS, COPIES = 500, 17, 6
_BATCH, _DYED, _BODIES = 64, 24, 40
_RATE, _SMOOTHING, _CUT = 3e-3, 0.05, 0.1
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """Unlabelled bodies uint8 (n, 64, 32, 3) BGR and their part shares float32 (n, 4, 32, 16)."""

    pictures: Image
    shares: FloatArray

    def batch(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return bodies under other light, some of them mirrored, and their part shares."""
        at = rng.integers(0, len(self.pictures), count)
        pictures, shares = relit(self.pictures[at], rng), self.shares[at]
        if rng.random() < 0.5:
            pictures, shares = pictures[:, :, ::-1], shares[..., ::-1]
        return tensor(pictures), torch.from_numpy(shares.copy())


def tensor(pictures: Image) -> Tensor:
    """Return float32 (n, 3, h, w), 0..1."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float() / 255


def _part_loss(parts: Tensor, shares: Tensor) -> Tensor:
    return -(shares * parts.log_softmax(1)).sum() / shares.sum()


def learn_parts(network: ClothingNetwork, bodies: Bodies, rng: np.random.Generator, tell: Tell) -> None:
    """Teach where trunk, thighs and shins are."""
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=2e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=PART_STEPS)
    network.train()
    for step in range(PART_STEPS):
        pictures, shares = bodies.batch(96, rng)
        loss = _part_loss(network(pictures)[0], shares)
        _advance(network, optimiser, rate, loss)
        if step % 100 == 99:
            tell(f"parts: step {step + 1}, loss {loss.item():.3f}")


def learn_colours(
    network: ClothingNetwork, labels: Labels, bodies: Bodies, dyes: Dyes, rng: np.random.Generator, tell: Tell
) -> None:
    """Teach the names of colours."""
    per_epoch = len(labels.crops) * COPIES // _BATCH
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=2e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=EPOCHS * per_epoch, pct_start=0.15)
    weight = _rarity(labels.numbers)
    network.train()
    for epoch in range(EPOCHS):
        pictures, numbers = _altered_labels(labels, rng)
        order, told = rng.permutation(len(pictures)), []
        for step in range(per_epoch):
            chosen = order[step * _BATCH : (step + 1) * _BATCH]
            painted, painted_numbers = _dyed_bodies(bodies, dyes, rng)
            ground, shares = bodies.batch(_BODIES, rng)
            parts, names = network(torch.cat([tensor(pictures[chosen]), tensor(painted), ground]))
            split = len(chosen) + _DYED
            real = _name_loss(names[: len(chosen)], numbers[chosen], weight)
            dyed_loss = _name_loss(names[len(chosen) : split], painted_numbers, None)
            _advance(network, optimiser, rate, real + 0.25 * dyed_loss + 0.3 * _part_loss(parts[split:], shares))
            told.append(real.item())
        tell(f"colours: epoch {epoch + 1} of {EPOCHS}, loss {np.mean(told):.3f}")


def _name_loss(names: Tensor, numbers: NDArray[np.int64], weight: Tensor | None) -> Tensor:
    flat, wanted = names.reshape(-1, len(COLOURS)), torch.from_numpy(numbers).reshape(-1)
    return functional.cross_entropy(flat, wanted, weight=weight, ignore_index=UNSEEN, label_smoothing=_SMOOTHING)


def _advance(
    network: ClothingNetwork,
    optimiser: torch.optim.Optimizer,
    rate: torch.optim.lr_scheduler.LRScheduler,
    loss: Tensor,
) -> None:
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    optimiser.step()
    rate.step()


def _rarity(numbers: NDArray[np.int64]) -> Tensor:
    """Rare colours count more, with the square root: the unseen world is not as black as the training set."""
    counts = np.bincount(numbers[numbers != UNSEEN], minlength=len(COLOURS)).clip(1)
    weight = counts**-0.5 * counts.sum() / np.sqrt(counts).sum()
    return torch.tensor(weight, dtype=torch.float32).clamp(max=2.5)


def _altered_labels(labels: Labels, rng: np.random.Generator) -> tuple[Image, NDArray[np.int64]]:
    """Return every labelled crop COPIES times, altered; now and then only its upper part, as behind a counter."""
    pictures, numbers = [], []
    for crop, pair in zip(labels.crops, labels.numbers, strict=True):
        for _ in range(COPIES):
            cut = pair[0] != UNSEEN and rng.random() < _CUT
            shown = crop[: int(len(crop) * rng.uniform(0.5, 0.7))] if cut else crop
            pictures.append(altered(shown, rng))
            numbers.append([pair[0], UNSEEN if cut else pair[1]])
    return np.stack(pictures), np.array(numbers, np.int64)


def _dyed_bodies(bodies: Bodies, dyes: Dyes, rng: np.random.Generator) -> tuple[Image, NDArray[np.int64]]:
    at = rng.integers(0, len(bodies.pictures), _DYED)
    made = [dyed(bodies.pictures[i], bodies.shares[i], dyes, rng) for i in at]
    return np.stack([picture for picture, _ in made]), np.array([pair for _, pair in made], np.int64)
