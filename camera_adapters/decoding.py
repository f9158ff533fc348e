"""Packets in, pictures out; what cannot be decoded is counted and skipped."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import av
import av.error
import av.logging
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.stream import VideoStream

from camera_adapters.errors import DecodeFailed

_BAD_READS_IN_A_ROW = 100

# FFmpeg's own lines never reach the user's terminal: what matters is counted, raised or logged by us.
av.logging.set_level(None)


class CountsDamage(Protocol):
    """Somebody who counts the packets that could not be decoded."""

    corrupt_packets: int


@dataclass(slots=True)
class Patience:
    """Ends a stream that sends packets of which nothing can be decoded for `limit_s` (seconds of `clock`)."""

    limit_s: float
    clock: Callable[[], float]
    since: float | None = None

    def picture_seen(self) -> None:
        """Start waiting anew."""
        self.since = None

    def packet_seen(self) -> None:
        """Raise DecodeFailed when the wait is over."""
        now = self.clock()
        if self.since is None:
            self.since = now
        elif now - self.since > self.limit_s:
            raise DecodeFailed(f"nothing could be decoded for {self.limit_s:g} s")


def video_stream(container: InputContainer) -> VideoStream | None:
    """Return the stream to decode, set up for one thread, or None; cover pictures of audio files do not count."""
    attached = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & attached]
    if not streams:
        return None
    # One camera is one thread: decoders that start threads of their own cost more and reorder work between cameras.
    streams[0].codec_context.thread_type = ThreadType.NONE
    streams[0].codec_context.thread_count = 1
    return streams[0]


def decoded(stream: VideoStream, packet: av.Packet | None, damage: CountsDamage) -> list[av.VideoFrame]:
    """Return the pictures a packet completes, in the order of presentation; None asks for all the decoder still holds.

    A packet that is damaged adds one to `damage.corrupt_packets` and gives nothing.
    """
    broken = packet is not None and packet.is_corrupt
    try:
        pictures: list[av.VideoFrame] = stream.codec_context.decode(packet)
    except (av.error.InvalidDataError, av.error.PatchWelcomeError, av.error.BugError, av.error.ExternalError):
        broken, pictures = True, []
    except av.error.EOFError:
        pictures = []  # the decoder was emptied before
    damage.corrupt_packets += broken
    if packet is None:
        for picture in pictures:
            picture.time_base = stream.time_base  # otherwise taken from the packet
    return pictures


def packets(container: InputContainer, stream: VideoStream, damage: CountsDamage) -> Iterator[av.Packet]:
    """Yield every packet; read on after a damaged place, unless damage is all there is.

    Errors of the input itself (FFmpegError) pass through. The last packet is empty: it tells the decoder to end.
    """
    in_a_row = 0
    while in_a_row < _BAD_READS_IN_A_ROW:
        try:
            for packet in container.demux(stream):
                in_a_row = 0
                yield packet
        except av.error.InvalidDataError:
            in_a_row += 1
            damage.corrupt_packets += 1
        else:
            return
