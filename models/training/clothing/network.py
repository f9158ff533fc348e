"""The clothing network: where the garments are, and what colour they have, in one small graph.

Body parts come from a narrow U-shaped network over CIELAB and position. Colours come from CIELAB and chromaticity,
pixel by pixel, beside the mean colour of the ground and of the whole picture, by which light and white balance
show. What a garment's pixels say is averaged under its mask, and one classifier names both garments.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.clothing.colours import COLOURS
from models.clothing.preparation import HEIGHT, WIDTH

GROUND, TRUNK, THIGH, SHIN = range(4)
_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_WHITE = (0.950456, 1.0, 1.088754)  # D65


def cielab(bgr: Tensor) -> Tensor:
    """Return (n, 3, h, w): L* / 50 - 1, a* / 40, b* / 40, of sRGB (n, 3, h, w) BGR 0..1."""
    rgb = bgr.flip(1)
    linear = torch.where(rgb > 0.04045, ((rgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = torch.einsum("ij,njhw->nihw", rgb.new_tensor(_TO_XYZ), linear) / rgb.new_tensor(_WHITE).view(1, 3, 1, 1)
    f = torch.where(xyz > 0.008856, xyz.clamp(min=0.008856) ** (1 / 3), 7.787 * xyz + 16 / 116)
    return torch.stack(
        [(116 * f[:, 1] - 16) / 50 - 1, 500 * (f[:, 0] - f[:, 1]) / 40, 200 * (f[:, 1] - f[:, 2]) / 40], 1
    )


def chromaticity(bgr: Tensor) -> Tensor:
    """Return (n, 2, h, w): log blue / green and log red / green of (n, 3, h, w) BGR 0..1.

    Navy and black are neighbours in CIELAB; a ratio does not fade with the light. The offset stands for sensor noise.
    """
    logarithm = torch.log(bgr + 0.04)
    return 2 * (logarithm[:, ::2] - logarithm[:, 1:2])


def _block(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outside), nn.ReLU())


class ClothingNetwork(nn.Module):
    """(n, 3, 64, 32) BGR 0..1 → logits of the parts (n, 4, 32, 16) and of upper and lower colour (n, 2, 12)."""

    position: Tensor

    def __init__(self, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__()
        self.fine = _block(5, 12)
        self.halved = nn.Sequential(_block(12, 24, 2), _block(24, 24))
        self.quartered = nn.Sequential(_block(24, 40, 2), _block(40, 40))
        self.eighth = nn.Sequential(_block(40, 48, 2), _block(48, 48))
        self.up_quarter, self.up_half = _block(88, 32), _block(56, 24)
        self.parts = nn.Conv2d(24, 4, 1)
        self.attention = nn.Conv2d(24 + width, 2, 1)
        nn.init.zeros_(self.attention.weight)
        nn.init.zeros_(self.attention.bias)
        self.pixel = nn.Sequential(nn.Conv2d(15, width, 1), nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU())
        self.name = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, len(COLOURS))
        )
        # Trousers show on thighs and shins; shorts and skirts on thighs only.
        self.legs = nn.Parameter(torch.tensor([1.0, 0.0]))
        rows, columns = torch.linspace(-1, 1, HEIGHT), torch.linspace(-1, 1, WIDTH)
        self.register_buffer("position", torch.stack(torch.meshgrid(rows, columns, indexing="ij"))[None])

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        lab = cielab(picture)
        context = self._context(lab)
        parts = self.parts(context)
        share = parts.softmax(1)
        small = torch.cat([functional.avg_pool2d(lab, 2), chromaticity(functional.avg_pool2d(picture, 2))], 1)
        words = self.pixel(torch.cat([small, self._light(small, share)], 1))
        mask = torch.stack(
            [share[:, TRUNK], self.legs[0].exp() * share[:, THIGH] + self.legs[1].exp() * share[:, SHIN]], 1
        )
        look = torch.exp(3 * torch.tanh(self.attention(torch.cat([context, words], 1))))
        weight = mask * look + 1e-5
        weight = weight / weight.sum((2, 3), keepdim=True)
        return parts, self.name(torch.einsum("nkhw,njhw->njk", words, weight))

    def _context(self, lab: Tensor) -> Tensor:
        half = self.halved(self.fine(torch.cat([lab, self.position.expand(lab.shape[0], -1, -1, -1)], 1)))
        quarter = self.quartered(half)
        up = self.up_quarter(torch.cat([_double(self.eighth(quarter)), quarter], 1))
        context: Tensor = self.up_half(torch.cat([_double(up), half], 1))
        return context

    @staticmethod
    def _light(small: Tensor, share: Tensor) -> Tensor:
        ground = share[:, GROUND : GROUND + 1] + 1e-3
        seen = torch.cat([(small * ground).sum((2, 3)) / ground.sum((2, 3)), small.mean((2, 3))], 1)
        return seen[:, :, None, None].expand(-1, -1, *small.shape[2:])


def _double(layer: Tensor) -> Tensor:
    return functional.interpolate(layer, scale_factor=2, mode="nearest")


class Exported(nn.Module):
    """What is bundled: BGR 0..255 in, the probabilities (n, 2, 12) out."""

    def __init__(self, network: ClothingNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        """See the class."""
        probabilities: Tensor = self.network(picture / 255.0)[1].softmax(-1)
        return probabilities
