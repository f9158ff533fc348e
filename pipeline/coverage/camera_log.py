"""One camera's page of the logbook: the span that is open, those that wait to be indexed, and what is to be noted."""

from dataclasses import dataclass, field, replace

from camera_adapters.errors import Reason
from camera_adapters.stream_state import Status, StreamState
from pipeline.archive.journal import Span, SpanState

_ONE_LOSS_MS = 60_000
_FEW_FRAMES = 5  # in one beat: too few to speak of a share


@dataclass(frozen=True, slots=True)
class Reading:
    """What a process knows of a camera at one moment.

    `last_frame_ms` is when the camera last delivered; `received` and `dropped` count frames since the start;
    `pending_ms` is the beginning of the earliest tracklet that is seen and not stored, None when there is none;
    `waiting` frames are not analysed yet.
    """

    camera_id: str
    last_frame_ms: int | None
    received: int
    dropped: int
    pending_ms: int | None
    waiting: int = 0


@dataclass(slots=True)
class CameraLog:
    """State of one camera. A `live` one is told of by its stream's states, a recording by its analysed frames.

    Times of a recording are those of the film. Not thread-safe: its logbook holds a lock.
    """

    camera_id: str
    run: str
    live: bool
    shedding_share: float
    span: Span | None = None
    unindexed: list[Span] = field(default_factory=list)
    to_note: dict[object, Span] = field(default_factory=dict)
    analysed_ms: int | None = None
    lost: Span | None = None
    _beaten_ms: int = 0
    _counted: tuple[int, int] = (0, 0)

    def hear(self, state: StreamState) -> None:
        """Take a change of a live stream's state; a stream is live up to its last frame, not up to the alarm."""
        at_ms = state.since_ms
        if self.span is not None and self.span.state is not SpanState.DOWN:
            at_ms = max(self.span.to_ms, state.last_frame_ms or 0)
        if state.status is Status.LIVE:
            self._turn(SpanState.LIVE, "", state.last_frame_ms or at_ms)
        elif state.status is Status.STOPPED and state.reason is Reason.ASKED:
            self._close(self.analysed_ms or 0)  # what came later is not looked at any more
        else:
            self._turn(SpanState.DOWN, str(state.reason or state.status), at_ms)

    def analysed(self, session: str, captured_ms: int, step_ms: int) -> None:
        """Take an analysed frame; one of a recording stands for `step_ms`."""
        if self.live:
            self.analysed_ms = captured_ms
            return
        if self.span is None or self.span.session != session:
            self._close(0)
            self.span = self._fresh(SpanState.LIVE, "", captured_ms, session)
        self.analysed_ms = captured_ms + step_ms
        self.span = replace(self.span, to_ms=max(self.span.to_ms, self.analysed_ms))

    def lose(self, from_ms: int, to_ms: int) -> None:
        """Note that a sighting of that time could not be kept; what lies near the last such one is one span with it."""
        if self.lost is None or not self.lost.from_ms <= from_ms <= self.lost.to_ms + _ONE_LOSS_MS:
            self.lost = self._fresh(SpanState.LOST, "", from_ms, self.run)
        self.lost = replace(self.lost, to_ms=max(self.lost.to_ms, to_ms, from_ms + 1))
        self.to_note[self.lost.key] = self.lost

    def beat(self, reading: Reading, now_ms: int) -> None:
        """Let the open span grow to the latest sign of life, and spans be indexed as far as sightings are stored."""
        if self.span is not None and self.live:
            end_ms = now_ms if self.span.state is SpanState.DOWN else reading.last_frame_ms or 0
            self.span = replace(self.span, to_ms=max(self.span.to_ms, end_ms))
            if reading.waiting == 0 and reading.last_frame_ms is not None:
                # nothing waits: frames that were not worth analysing are looked at, too
                self.analysed_ms = max(self.analysed_ms or 0, reading.last_frame_ms)
        self._judge(reading)
        watermark_ms = reading.pending_ms if reading.pending_ms is not None else self.analysed_ms
        self.unindexed = [self._indexed(span, watermark_ms) for span in self.unindexed]
        self.unindexed = [span for span in self.unindexed if span.indexed_ms < span.to_ms]
        if self.span is not None:
            self.span = self._indexed(self.span, watermark_ms)
            self._beaten_ms = self.span.to_ms

    def reopen(self, reading: Reading, now_ms: int) -> None:
        """Begin the open span anew: the clock has leapt, and nobody watched in the time that it left out."""
        if self.span is None or not self.live:
            return
        state, reason = self.span.state, self.span.reason
        self._close(0)
        from_ms = now_ms if state is SpanState.DOWN else max(now_ms, reading.last_frame_ms or 0)
        self.span = self._fresh(state, reason, from_ms, self.run)

    def end(self, ended_ms: int | None) -> None:
        """Close the open span: at `ended_ms` of the film, or where it is; its end was looked at, so it is indexed."""
        if self.span is not None and ended_ms is not None:
            self.analysed_ms = max(self.analysed_ms or 0, ended_ms)
        self._close(ended_ms or 0)

    @property
    def watermark_ms(self) -> int | None:
        """Up to when everything is indexed; None before the first frame."""
        return self.span.indexed_ms if self.span is not None else self.analysed_ms

    @property
    def behind_s(self) -> float | None:
        """How many seconds of the open span are not indexed; None when the camera delivers nothing."""
        if self.span is None or self.span.state is SpanState.DOWN:
            return None
        return (self.span.to_ms - self.span.indexed_ms) / 1000

    def _judge(self, reading: Reading) -> None:
        """Split off the time since the last beat when it was shed, or no longer is."""
        received, dropped = reading.received - self._counted[0], reading.dropped - self._counted[1]
        if received < _FEW_FRAMES:
            return
        self._counted = (reading.received, reading.dropped)
        if self.span is None or self.span.state is SpanState.DOWN:
            return
        sheds = dropped > self.shedding_share * received
        state = SpanState.SHEDDING if sheds else SpanState.LIVE
        if state is not self.span.state:
            old, since_ms = self.span, max(self._beaten_ms, self.span.from_ms)
            self.span = replace(old, to_ms=since_ms)
            self._close(since_ms)
            self.span = replace(self._fresh(state, "", since_ms, old.session), to_ms=old.to_ms)

    def _turn(self, state: SpanState, reason: str, at_ms: int) -> None:
        if self.span is not None and (self.span.state, self.span.reason) == (state, reason):
            return
        if self.span is not None and state is SpanState.LIVE and self.span.state is SpanState.SHEDDING:
            return  # it never stopped delivering
        self._close(at_ms)
        self.span = self._fresh(state, reason, at_ms, self.run)

    def _close(self, at_ms: int) -> None:
        """End the open span at `at_ms`, or where it is already."""
        span, self.span = self.span, None
        if span is None:
            return
        span = replace(span, to_ms=max(span.to_ms, at_ms))
        if span.to_ms > span.from_ms:
            span = self._indexed(span, None)
            if span.indexed_ms < span.to_ms:
                self.unindexed.append(span)

    def _indexed(self, span: Span, watermark_ms: int | None) -> Span:
        """Return the span with its new watermark, noted for the journal."""
        reached_ms = span.to_ms if span.state is SpanState.DOWN else min(watermark_ms or 0, span.to_ms)
        span = replace(span, indexed_ms=max(span.indexed_ms, reached_ms))
        if span.to_ms > span.from_ms:
            self.to_note[span.key] = span
        return span

    def _fresh(self, state: SpanState, reason: str, from_ms: int, session: str) -> Span:
        return Span(self.camera_id, session, state, from_ms, from_ms, from_ms, reason)
