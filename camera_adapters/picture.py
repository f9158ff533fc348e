"""From a decoded picture to the arrays the analysis asked for."""

from functools import partial

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from camera_adapters.frame import Frame, Image
from camera_adapters.frame_request import FrameRequest


def picture_size(source: tuple[int, int], request: FrameRequest) -> tuple[int, int]:
    """Return the (width, height) that `request` means for a source of (width, height)."""
    width, height = source
    if request.fit == "source":
        return source
    if request.fit == "stretch":
        return request.width, request.height
    scale = min(request.width / width, request.height / height)
    return (
        min(request.width, max(1, round(width * scale))),
        min(request.height, max(1, round(height * scale))),
    )


_PLANAR = frozenset({"yuv420p", "yuvj420p"})


class FrameMaker:
    """Makes the Frames of one stream; keeps the scaler's tables from frame to frame."""

    def __init__(self, camera_id: str, request: FrameRequest) -> None:
        self._camera_id = camera_id
        self._request = request
        self._scaler = VideoReformatter()

    def frame(
        self,
        picture: av.VideoFrame,
        session: str,
        seq: int,
        captured_at_ms: int,
        arrived_s: float = 0.0,
        *,
        late: bool = False,
    ) -> Frame:
        """Scale `picture` straight from its YUV planes; the full-size picture waits until somebody asks."""
        source = (picture.width, picture.height)
        size = picture_size(source, self._request)
        image = _bgr(self._scaler, picture, size)
        # Where both are the same picture it is not converted twice.
        full = partial(_kept, image) if size == source else partial(_full_bgr, picture)
        # Odd sizes are converted by another way of swscale's, which blends colours: their parts are cut from the whole.
        easy = picture.format.name in _PLANAR and size != source and not (source[0] | source[1]) & 1
        part = partial(_part_bgr, picture) if easy else None
        stamp = (session, seq, captured_at_ms)
        return Frame(self._camera_id, *stamp, image, source, full, arrived_s, late, part, self._request.main)


def _kept(image: Image) -> Image:
    return image


def _full_bgr(picture: av.VideoFrame) -> Image:
    # A scaler of its own: the caller is on another thread than the decoder.
    return _bgr(VideoReformatter(), picture, (picture.width, picture.height))


def _part_bgr(picture: av.VideoFrame, left: int, top: int, right: int, bottom: int) -> Image:
    """Convert a part of a 4:2:0 picture; two pixels share their colour, so the part is cut at even places first."""
    x, y = left & ~1, top & ~1
    width, height = (right - x + 1) & ~1, (bottom - y + 1) & ~1
    small = av.VideoFrame(width, height, picture.format.name)
    for halved, (source, target) in enumerate(zip(picture.planes, small.planes, strict=True)):
        scale = 2 if halved else 1
        own, whole = _plane(target), _plane(source)
        cut = whole[y // scale : (y + height) // scale, x // scale : (x + width) // scale]
        own[: cut.shape[0], : cut.shape[1]] = cut
    small.colorspace, small.color_range = picture.colorspace, picture.color_range
    image = _bgr(VideoReformatter(), small, (width, height))
    return image[top - y : bottom - y, left - x : right - x].copy()


def _plane(plane: av.video.plane.VideoPlane) -> Image:
    """Return one plane (rows, columns) without copying it; the padding of its lines is left out."""
    lines: Image = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]


def _bgr(scaler: VideoReformatter, picture: av.VideoFrame, size: tuple[int, int]) -> Image:
    # One thread: cameras outnumber cores, and a thread per slice costs more than it saves.
    made = scaler.reformat(
        picture, width=size[0], height=size[1], format="bgr24", interpolation=Interpolation.BILINEAR, threads=1
    )
    image: Image = np.ascontiguousarray(made.to_ndarray(), dtype=np.uint8)
    return image
