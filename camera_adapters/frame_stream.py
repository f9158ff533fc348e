"""From packets to frames: every picture of a busy camera, key frames of an idle one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from camera_adapters.decoding import CountsDamage, Patience, decoded, packets
from camera_adapters.errors import Overloaded
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.pacing import MediaClock, RatePicker
from camera_adapters.picture import FrameMaker

_KEPT_S = 2.5  # longest way between key frames at which glancing at them is enough
_KEPT_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a picture was taken (UTC epoch ms) and when it arrived here (clock, s)."""

    captured_at_ms: int
    arrived_s: float


class Timing(Protocol):
    """What a kind of source knows of time. `at_s` is the place in the stream, seconds since its first picture."""

    def read(self, at_s: float, *, idle: bool) -> Stamp:
        """Note that a packet was read."""
        ...

    def due(self, at_s: float, read: Stamp, *, late: bool) -> Stamp:
        """Return the stamp of a picture that is handed on now, whose packet has the stamp `read`."""
        ...


@dataclass(slots=True, eq=False)
class FrameStream:
    """The frames of one open source.

    An idle camera costs one picture in fifty: between key frames packets are kept, not decoded. When a glance at a key
    frame, or the analysis, ends the idleness they are decoded after all and handed on as `late` frames. Where key
    frames are too far apart for that (more than 2.5 s) every picture is decoded.
    """

    container: InputContainer
    stream: VideoStream
    damage: CountsDamage
    request: FrameRequest
    maker: FrameMaker
    session: str
    media: MediaClock
    picker: RatePicker
    timing: Timing
    patience: Patience | None = None
    seq: int = 0
    skipped: int = 0
    _idle: bool = False
    _sparse: bool = False
    _shown_s: float | None = None
    _resume_after_s: float | None = None
    _kept: list[tuple[av.Packet, Stamp]] = field(default_factory=list)
    _tick_s: float | None = None

    def frames(self) -> Iterator[Frame]:
        """Yield the frames that are due until the input ends; errors of the input and Overloaded pass through."""
        return self._key_frames() if self.request.main else self._due_frames()

    def _key_frames(self) -> Iterator[Frame]:
        """Yield key frames, each decoded alone, the first and those that somebody waits for."""
        attention = self.request.attention
        for packet in packets(self.container, self.stream, self.damage):
            self._check_room()
            stamp = self.timing.read(self.media.peek(self._time(packet)), idle=True)
            if not packet.is_keyframe or (self.seq and attention is not None and attention.idle):
                continue
            if self.patience:
                self.patience.packet_seen()
            self.request.lap("rest")
            picture = self._alone(packet)
            self.request.lap("decode")
            if picture is None or picture.is_corrupt:
                continue  # half a picture is no good picture of anybody
            at_s = self.media.at(picture.time)
            yield self._made(picture, self.timing.due(at_s, stamp, late=False), late=False)
            self._count(picture)

    def _due_frames(self) -> Iterator[Frame]:
        for packet in packets(self.container, self.stream, self.damage):
            if self.patience:
                self.patience.packet_seen()
            self._check_room()
            stamp = self.timing.read(self.media.peek(self._time(packet)), idle=self._idle)
            if self._idle:
                yield from self._glance(packet, stamp)
            elif self._may_idle(packet):
                yield from self._decode(None, stamp)
                self._idle, self._kept = True, []
                yield from self._glance(packet, stamp)
            else:
                yield from self._decode(packet, stamp)

    def _check_room(self) -> None:
        """Raise Overloaded when the camera is let go."""
        if self.request.attention is not None and self.request.attention.refused:
            raise Overloaded("no room on this machine: give it more cores, lower analysis_fps or analyse sub-streams")

    def _may_idle(self, packet: av.Packet) -> bool:
        attention = self.request.attention
        return attention is not None and attention.idle and packet.is_keyframe and not self._sparse

    def _glance(self, packet: av.Packet, stamp: Stamp) -> Iterator[Frame]:
        """Take one packet of an idle camera."""
        attention = self.request.attention
        if attention is None or not attention.idle or self._too_much(packet):
            yield from self._wake()
            yield from self._decode(packet, stamp)
            return
        picture = self._alone(packet) if packet.is_keyframe else None
        if picture is None:
            self._kept.append((packet, stamp))
            return
        self.request.lap("decode")
        at_s = self.media.peek(picture.time)
        frame = self._made(picture, self.timing.due(at_s, stamp, late=False), late=False)
        if attention.glance(frame):
            yield from self._wake()
            yield from self._decode(packet, stamp)
            return
        self.skipped += max(0, len(self._kept) - 1)
        self._kept = [(packet, stamp)]
        self._shown(picture)
        yield frame
        self.request.lap("rest")

    def _too_much(self, packet: av.Packet) -> bool:
        """Tell, and remember, that key frames are too far apart or too much lies between them."""
        if not self._kept:
            return False
        began, now = self._time(self._kept[0][0]), self._time(packet)
        long = began is not None and now is not None and now - began > _KEPT_S
        self._sparse = long or sum(kept.size for kept, _ in self._kept) > _KEPT_BYTES
        return self._sparse

    def _wake(self) -> Iterator[Frame]:
        """Decode what was kept, and go on decoding everything."""
        self._idle, kept, self._kept = False, self._kept, []
        self._resume_after_s = self._shown_s
        for packet, stamp in kept:
            yield from self._decode(packet, stamp, late=True)

    def _alone(self, packet: av.Packet) -> av.VideoFrame | None:
        """Decode a key frame without what came before it."""
        context = self.stream.codec_context
        context.flush_buffers()
        pictures = [*decoded(self.stream, packet, self.damage), *decoded(self.stream, None, self.damage)]
        context.flush_buffers()
        return pictures[0] if pictures else None

    def _decode(self, packet: av.Packet | None, stamp: Stamp, *, late: bool = False) -> Iterator[Frame]:
        """Decode one packet, or with None what the decoder still holds, and hand on what is due."""
        for picture in decoded(self.stream, packet, self.damage):
            if self._again(picture):
                continue
            at_s = self.media.at(picture.time)
            if self.picker.due(at_s):
                self.request.lap("decode")
                yield self._made(picture, self.timing.due(at_s, stamp, late=late), late=late)
                self.request.lap("rest")
            self._count(picture)

    def _again(self, picture: av.VideoFrame) -> bool:
        """Tell whether a picture was shown already, before its packet was decoded once more."""
        if self._resume_after_s is None or picture.time is None or picture.time > self._resume_after_s:
            self._resume_after_s = None
            return False
        return True

    def _shown(self, picture: av.VideoFrame) -> None:
        self.picker.due(self.media.at(picture.time))
        self._count(picture)

    def _count(self, picture: av.VideoFrame) -> None:
        self.seq += 1
        self._shown_s = picture.time
        if self.patience:
            self.patience.picture_seen()

    def _made(self, picture: av.VideoFrame, stamp: Stamp, *, late: bool) -> Frame:
        made = self.maker.frame(picture, self.session, self.seq, stamp.captured_at_ms, stamp.arrived_s, late=late)
        self.request.lap("scale")
        return made

    def _time(self, packet: av.Packet) -> float | None:
        """Return when the packet is to be presented, in seconds. A fraction each would cost more than reading it."""
        if packet.pts is None:
            return None
        if self._tick_s is None:
            base = packet.time_base
            self._tick_s = None if base is None else float(base)
        return None if self._tick_s is None else float(packet.pts) * self._tick_s
