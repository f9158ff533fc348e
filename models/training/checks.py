"""How near a student is to its teacher on crops it never saw."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from models.detections import Image
from models.training.augmentation import Sampler
from models.training.crops import Crops
from models.training.recipe import Augmentation, Data
from models.training.student import Student
from models.training.teacher import Teacher

FloatArray = NDArray[np.float32]
_BATCH = 64
_NEAREST = 10
# Two cameras that see the same people: what is altered is light, framing and quality, not who it is.
_CAMERA = {"twin", "mix_outfit", "swap_background", "recolour"}


@dataclass(frozen=True, slots=True)
class Check:
    """cosine: mean cosine to the teacher; nearest: share of the teacher's ten nearest that are the student's too;
    again, teacher_again: how often each of them finds a crop at rank 1 after two independent alterations of light,
    framing and quality."""

    cosine: float
    nearest: float
    again: float
    teacher_again: float

    def row(self, prefix: str) -> dict[str, float]:
        """All figures, rounded, with a prefix before each name."""
        return {f"{prefix}_{name}": round(value, 4) for name, value in asdict(self).items()}


class Exam:
    """The teacher's answers to a set of crops, asked once; every student is measured against them."""

    def __init__(self, crops: Crops, teacher: Teacher, augmentation: Augmentation, seed: int) -> None:
        only_camera = augmentation.model_copy(update=dict.fromkeys(_CAMERA, 0.0))
        sampler = Sampler(crops, Data(), only_camera, seed)
        rngs = [np.random.default_rng((seed, view)) for view in (1, 2)]
        self._views = [np.stack([sampler.altered(rng, picture) for picture in crops.pictures]) for rng in rngs]
        self._plain = crops.pictures
        self._taught, *self._taught_views = (self._teach(teacher, each) for each in (self._plain, *self._views))

    def check(self, student: Student) -> Check:
        """Measure a student; it is left in training mode."""
        plain, first, second = (embed(student, pictures) for pictures in (self._plain, *self._views))
        return Check(
            cosine=float(np.mean((plain * self._taught).sum(1))),
            nearest=_shared_nearest(plain, self._taught),
            again=_found_again(first, second),
            teacher_again=_found_again(*self._taught_views),
        )

    @staticmethod
    def _teach(teacher: Teacher, pictures: Image) -> FloatArray:
        return np.concatenate([teacher.teach(part).vectors for part in _parts(pictures)])


def embed(student: Student, pictures: Image) -> FloatArray:
    """Vectors (n, 256) of length 1 for uint8 (n, 192, 96, 3), in float32."""
    device = next(student.parameters()).device
    student.eval()
    with torch.inference_mode():
        rows = [student(as_input(part, device)).vectors.float() for part in _parts(pictures)]
    student.train()
    vectors: FloatArray = functional.normalize(torch.cat(rows)).cpu().numpy()
    return vectors


def as_input(pictures: Image, device: torch.device) -> torch.Tensor:
    """uint8 (n, h, w, 3) BGR as float32 (n, 3, h, w), channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).to(device).permute(0, 3, 1, 2).float()


def _parts(pictures: Image) -> Iterator[Image]:
    for start in range(0, len(pictures), _BATCH):
        yield pictures[start : start + _BATCH]


def _shared_nearest(student: FloatArray, teacher: FloatArray) -> float:
    near = [_nearest(vectors) for vectors in (student, teacher)]
    return float(np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(*near, strict=True)]))


def _nearest(vectors: FloatArray) -> NDArray[np.intp]:
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -2)
    order: NDArray[np.intp] = np.argsort(-similarity, axis=1, kind="stable")[:, :_NEAREST]
    return order


def _found_again(first: FloatArray, second: FloatArray) -> float:
    return float(np.mean(np.argmax(first @ second.T, axis=1) == np.arange(len(first))))
