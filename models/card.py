"""What a model card says: one frozen record per network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from models.boxes import Fit
from models.kinds import Kind


class Task(StrEnum):
    """What a network is for."""

    DETECTOR = "detector"
    EMBEDDER = "embedder"
    ATTRIBUTES = "attributes"


Family = Literal["ssd", "yolox", "gfl", "embedding", "vehicle_attributes", "clothing", "histogram"]
Arrival = Literal["onnx", "openvino_ir"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file as it lies in a mirror and in the model store: `path` relative to it, with forward slashes."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of an official release.

    `checksum` is "sha256:…" or "sha384:…" as the makers published it; None where they published none that we know.
    """

    url: str
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """An official release of a network; the files arrive in this order (for an IR: .xml, then .bin)."""

    arrival: Arrival
    files: tuple[SourceFile, ...]


@dataclass(frozen=True, slots=True)
class InputLayout:
    """How a network is fed: float32 NCHW, BGR, `(pixel - mean) / std`, pixels 0..255.

    `fit` as in camera_adapters.frame_request.FrameRequest; `pad` fills what a picture fitted "within" leaves free
    (right and bottom), a whole pixel value before the normalisation. `mean` and `std` are per channel in BGR order.
    """

    name: str
    width: int
    height: int
    fit: Fit = "stretch"
    pad: float = 0.0
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One network: where it comes from, under which terms, how it is fed and what it was measured to do.

    `files` are the files in the store, the network first; empty for what needs no file. `releases` are the official
    sources, tried in order. `probe` are a few numbers the network must give for a fixed input: they tell a converted
    official file apart from another network. `classes` maps each kind to the network's class numbers.
    """

    name: str
    task: Task
    title: str
    family: Family
    licence: str
    licence_url: str
    training: str
    quality: str
    input: InputLayout
    files: tuple[StoredFile, ...] = ()
    releases: tuple[Release, ...] = ()
    classes: Mapping[Kind, tuple[int, ...]] = field(default_factory=dict)
    nms_iou: float = 0.5
    dim: int = 0
    bundled: bool = False
    probe: tuple[float, ...] = ()

    @property
    def sha256(self) -> Mapping[str, str]:
        """sha256 of each stored file, by path."""
        return {file.path: file.sha256 for file in self.files}

    @property
    def chosen_classes(self) -> tuple[int, ...]:
        """The class numbers that mean any kind, rising."""
        return tuple(sorted({number for numbers in self.classes.values() for number in numbers}))

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files)

    @property
    def version(self) -> str:
        """Short name of the weights: eight digits of the network's sha256; cards without a file have none."""
        return self.files[0].sha256[:8] if self.files else ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Addresses of the official releases."""
        return tuple(file.url for release in self.releases for file in release.files)
