"""The main job on a small real clip: two windows of one gate, one person of the first found again in the second."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from camera_adapters.file import FileAdapter
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from models.kinds import Kind
from models.pictures import encode_jpeg
from pipeline.analyze import Progress, Summary, analyze
from pipeline.archive import open_archive
from pipeline.archive.contract import SightingFilter
from pipeline.assembly import Networks, load_networks
from pipeline.errors import BadSettings
from pipeline.search import Answer, Eyes, Photo, Question, answer

Image = NDArray[np.uint8]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Gate(_Strict):
    id: str
    name: str
    community: str


class _Window(_Strict):
    recording: str
    start: datetime


class _Photo(_Strict):
    at_s: float
    box: tuple[float, float, float, float]


class Script(_Strict):
    """The demo's own configuration, `configs/demo/demo.yaml`."""

    camera: _Gate
    windows: tuple[_Window, _Window]
    photo: _Photo


@dataclass(frozen=True, slots=True, eq=False)
class Demo:
    """What the demo made: an archive, the photo looked for (uint8 BGR), what was found after `from_ms`."""

    folder: Path
    archive: Path
    camera: Camera
    photo: Path
    photo_image: Image
    search: Answer
    from_ms: int
    summaries: tuple[Summary, ...]
    networks: Networks


def demo_folder() -> Path:
    """Return where the clip lies: beside the packages in a checkout, under share/ in an installed wheel."""
    for folder in (Path(__file__).parent.parent / "configs" / "demo", Path(sys.prefix) / "share/zhian/configs/demo"):
        if (folder / "demo.yaml").is_file():
            return folder
    raise BadSettings("the demo clip is not installed: run `make demo` in a checkout")


def run_demo(out: Path, *, progress: Callable[[Progress], None] | None = None) -> Demo:
    """Analyse both windows into a fresh archive `out/archive`, take the photo, search the second window."""
    source = demo_folder()
    script = Script.model_validate(yaml.safe_load((source / "demo.yaml").read_text(encoding="utf-8")))
    networks = load_networks()
    shutil.rmtree(out / "archive", ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    archive = open_archive(out / "archive", writable=True)
    try:
        cameras = [_camera(script, window, source) for window in script.windows]
        summaries = tuple(
            analyze(
                [Path(camera.source)],
                archive=archive,
                camera=camera,
                networks=networks,
                progress=progress,
            )
            for camera in cameras
        )
        image = _frame_at(cameras[0], script.photo.at_s)
        photo = out / "photo.jpg"
        photo.write_bytes(encode_jpeg(image, 92))
        from_ms = round(script.windows[1].start.timestamp() * 1000)
        question = Question(
            where=SightingFilter(kind=Kind.PERSON, from_ms=from_ms), top=10, photos=(Photo(image, script.photo.box),)
        )
        found = answer(archive, question, Eyes(lambda: networks.detector, networks.embedders.__getitem__))
    finally:
        archive.close()
    return Demo(out, out / "archive", cameras[0], photo, image, found, from_ms, summaries, networks)


def _camera(script: Script, window: _Window, source: Path) -> Camera:
    return Camera(
        id=script.camera.id,
        name=script.camera.name,
        community=script.camera.community,
        source=str(source / window.recording),
        pace="fast",
        start_ms=round(window.start.timestamp() * 1000),
    )


def _frame_at(camera: Camera, at_s: float) -> Image:
    """Return the first analysed picture at or after `at_s` seconds, source size."""
    frames = FileAdapter().frames(camera, FrameRequest(0, 0, "source"))
    for frame in frames:
        if frame.captured_at_ms - (camera.start_ms or 0) >= at_s * 1000:
            return frame.full_image()
    raise BadSettings(f"the demo clip is shorter than {at_s} s")
