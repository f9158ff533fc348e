"""Network cameras that speak RTSP (RFC 2326), read by FFmpeg."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import av
from av.container import InputContainer
from av.error import FFmpegError, HTTPOtherClientError, InvalidDataError
from av.video.stream import VideoStream

from camera_adapters.address import escape_credentials
from camera_adapters.av_failures import failure_to_open, failure_to_read
from camera_adapters.clock import now_ms
from camera_adapters.decoding import Patience, video_stream
from camera_adapters.errors import EndOfStream, NoVideo, TimedOut
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.frame_stream import FrameStream, Stamp
from camera_adapters.masking import mask
from camera_adapters.pacing import Arrivals, MediaClock, RatePicker
from camera_adapters.picture import FrameMaker
from camera_adapters.site import Camera


@dataclass(frozen=True, slots=True)
class RtspLimits:
    """How long a camera may keep us waiting, in seconds.

    `socket_s`: one answer on the wire. `open_s`: connecting and describing, altogether. `read_s`: between packets.
    `decode_s`: packets arrive and nothing can be decoded; longer than the key frame interval of any camera.
    """

    socket_s: float = 3.0
    open_s: float = 5.0
    read_s: float = 4.0
    decode_s: float = 20.0


class RtspAdapter:
    """Reads one RTSP camera once, H.264 or H.265, over TCP or UDP, with basic or digest authentication.

    `captured_at_ms` is the time of arrival: RTSP's own clock reaches us only through RTCP, which FFmpeg keeps to
    itself, and cheap cameras set it wrong. Pictures are chosen by the camera's timestamps, which do not jitter.
    """

    live = True

    def __init__(
        self,
        limits: RtspLimits = RtspLimits(),
        *,
        wall_ms: Callable[[], int] = now_ms,
        clock: Callable[[], float] = time.monotonic,
        session_name: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.corrupt_packets = 0
        self._limits = limits
        self._wall_ms = wall_ms
        self._clock = clock
        self._session_name = session_name

    def frames(self, camera: Camera, request: FrameRequest) -> Iterator[Frame]:
        """Yield frames until the camera fails; raises a SourceError then, EndOfStream when it simply ends."""
        place = mask(camera.analysed_source)
        with closing(self._open(camera, place)) as container:
            stream = video_stream(container)
            if stream is None:
                raise NoVideo(f"{place} carries no video")
            try:
                yield from self._read(container, stream, camera, request)
            except FFmpegError as error:
                # `from None`: FFmpeg's exception holds the address with the password.
                raise failure_to_read(error, place) from None
        raise EndOfStream(f"{place} ended the stream")

    def _open(self, camera: Camera, place: str) -> InputContainer:
        began = self._clock()
        try:
            try:
                return self._connect(camera, {"allowed_media_types": "video"})
            except HTTPOtherClientError:
                # Without a video track to set up, PLAY is refused: ask for everything, to see what there is.
                return self._connect(camera, {})
        except InvalidDataError as error:
            # A camera that accepts the connection and then says nothing looks like this to FFmpeg.
            if self._clock() - began >= self._limits.socket_s:
                raise TimedOut(f"no answer from {place}") from None
            raise failure_to_open(error, place) from None
        except FFmpegError as error:
            raise failure_to_open(error, place) from None

    def _connect(self, camera: Camera, media: dict[str, str]) -> InputContainer:
        options = {
            "rtsp_transport": camera.transport,
            "timeout": str(round(self._limits.socket_s * 1e6)),
            # The rate is of no use to us, and measuring it costs seconds at every connect.
            "fpsprobesize": "0",
            "analyzeduration": "2000000",
            **media,
        }
        address = escape_credentials(camera.analysed_source)
        container: InputContainer = av.open(
            address, options=options, timeout=(self._limits.open_s, self._limits.read_s)
        )
        return container

    def _read(
        self, container: InputContainer, stream: VideoStream, camera: Camera, request: FrameRequest
    ) -> Iterator[Frame]:
        return FrameStream(
            container,
            stream,
            self,
            request,
            FrameMaker(camera.id, request),
            self._session_name(),
            MediaClock(stream.average_rate),
            RatePicker(camera.analysis_fps),
            _ArrivalTiming(self._wall_ms, self._clock),
            Patience(self._limits.decode_s, self._clock),
        ).frames()


@dataclass(slots=True)
class _ArrivalTiming:
    """Pictures are taken when their packets arrive."""

    wall_ms: Callable[[], int]
    clock: Callable[[], float]
    arrivals: Arrivals = field(default_factory=Arrivals)
    last_ms: int = 0

    def read(self, at_s: float, *, idle: bool) -> Stamp:  # noqa: ARG002
        # A clock set back by time synchronisation must not send sightings into the past.
        self.last_ms = max(self.last_ms, self.wall_ms())
        return Stamp(self.last_ms, self.arrivals.arrived(at_s, self.clock()))

    def due(self, at_s: float, read: Stamp, *, late: bool) -> Stamp:  # noqa: ARG002
        return read
