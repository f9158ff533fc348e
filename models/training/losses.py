"""What the student is blamed for. Vectors have length 1 where nothing else is said."""

import torch
from torch import Tensor
from torch.nn import functional

from models.training.recipe import Losses


def cosine_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of 1 - cosine over rows."""
    return (1 - (student * teacher).sum(1)).mean()


def dense_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared distance of the feature maps (n, c, h, w), as a share of the teacher's squares."""
    target = functional.adaptive_avg_pool2d(teacher, student.shape[2:])
    return (student - target).square().mean() / target.square().mean()


def matrix_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of the similarities within the batch, without each row to itself.

    Similarity-preserving distillation (Tung and Mori, 2019), on cosines.
    """
    n = len(student)
    return (student @ student.T - teacher @ teacher.T).square().sum() / (n * (n - 1))


def neighbour_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Divergence of each row's softmax over the others of the batch: who is near, and how much nearer than the rest.

    Probabilistic knowledge transfer (Passalis and Tefas, 2018).
    """
    itself = torch.eye(len(student), dtype=torch.bool, device=student.device)
    return _divergence(
        (student @ student.T).masked_fill(itself, -10.0), (teacher @ teacher.T).masked_fill(itself, -10.0), temperature
    )


def bank_loss(student: Tensor, teacher: Tensor, bank: Tensor, temperature: float) -> Tensor:
    """Divergence of each row's softmax over a bank (m, d) of the teacher's recent vectors (Fang et al., SEED, 2021)."""
    return _divergence(student @ bank.T, teacher @ bank.T, temperature)


def _divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    return functional.kl_div(
        functional.log_softmax(student / temperature, 1),
        functional.log_softmax(teacher / temperature, 1),
        reduction="batchmean",
        log_target=True,
    )


class Blame:
    """The weighted sum of all terms; keeps the bank."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self.bank = torch.empty(0)

    def __call__(self, vectors: Tensor, maps: Tensor, taught: Tensor, taught_maps: Tensor) -> dict[str, Tensor]:
        """Return every term, unweighted, and `total`; `vectors` may have any length."""
        weights = self._losses
        vectors = functional.normalize(vectors.float())
        terms = {
            "cosine": cosine_loss(vectors, taught),
            "dense": dense_loss(maps.float(), taught_maps),
            "matrix": matrix_loss(vectors, taught),
            "neighbours": neighbour_loss(vectors, taught, weights.neighbours_temperature),
        }
        if len(self.bank):
            terms["bank"] = bank_loss(vectors, taught, self.bank, weights.bank_temperature)
        self.bank = torch.cat([taught, self.bank.to(taught)])[: weights.bank_size].detach()
        total = torch.stack([getattr(weights, name) * value for name, value in terms.items()]).sum()
        return {**terms, "total": total}
