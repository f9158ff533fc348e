"""One retry loop: states, waits, and nothing lost over a thousand failures."""

import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from structlog.testing import capture_logs

from camera_adapters.adapter import Adapter
from camera_adapters.backoff import Waits
from camera_adapters.errors import BadSource, EndOfStream, Reason, Refused, SourceError, TimedOut, Unauthorised
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from camera_adapters.stream_state import Status, StreamState
from camera_adapters.supervisor import Supervisor, SupervisorSettings
from tests.servers.cameras import open_files

CAMERA = Camera("gate", "rtsp://admin:geheim@h/x")
REQUEST = FrameRequest(8, 8)
AT_ONCE = SupervisorSettings(waits={reason: Waits(1e-4, 1e-4) for reason in Reason})
PICTURE = np.zeros((8, 8, 3), np.uint8)


def frame(seq: int, session: str = "s") -> Frame:
    return Frame("gate", session, seq, 1000 + seq, PICTURE, (8, 8), lambda: PICTURE)


@dataclass
class Scripted:
    """An adapter that plays one act per connection; the last act again and again. An act is frames and an end."""

    acts: list[tuple[int, Exception | None]]
    live: bool = True
    corrupt_packets: int = 0
    calls: int = 0
    closed: int = 0

    def frames(self, camera: Camera, request: FrameRequest) -> Iterator[Frame]:
        count, end = self.acts[min(self.calls, len(self.acts) - 1)]
        self.calls += 1
        try:
            for n in range(count):
                yield frame(n * 5, f"s{self.calls}")
            if end is not None:
                raise end
        finally:
            self.closed += 1


@dataclass
class Played:
    supervisor: Supervisor
    states: list[StreamState] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def until(self, holds: Callable[[StreamState], bool], timeout_s: float = 5.0) -> StreamState:
        end = time.monotonic() + timeout_s
        while not holds(self.supervisor.state):
            assert time.monotonic() < end, self.supervisor.state
            time.sleep(0.002)
        return self.supervisor.state


Play = Callable[..., Played]


@pytest.fixture
def play() -> Iterator[Play]:
    running: list[Supervisor] = []

    def start(adapter: Adapter, deliver: Callable[[Frame], None] | None = None, **options: object) -> Played:
        played = Played(None)  # type: ignore[arg-type]
        options = {"settings": AT_ONCE, "camera": CAMERA, "rng": random.Random(1)} | options
        played.supervisor = Supervisor(
            options.pop("camera"),  # type: ignore[arg-type]
            REQUEST,
            deliver or played.frames.append,
            adapter=adapter,
            on_state=played.states.append,
            **options,  # type: ignore[arg-type]
        )
        running.append(played.supervisor)
        played.supervisor.start()
        return played

    with capture_logs():
        yield start
        assert all(supervisor.stop(5.0) for supervisor in running)


def test_before_start_it_is_connecting_and_may_be_stopped() -> None:
    supervisor = Supervisor(CAMERA, REQUEST, print)
    assert supervisor.state.status is Status.CONNECTING
    assert supervisor.state.connects == 0
    assert supervisor.stop(0.1)
    assert supervisor.state.status is Status.STOPPED


def test_a_failure_is_told_and_the_next_connection_is_live(play: Play) -> None:
    played = play(Scripted([(3, EndOfStream("gone")), (0, Refused("nobody listens")), (2, TimedOut("slow"))]))
    played.until(lambda s: s.connects >= 4)
    told = [(s.status, s.reason) for s in played.states]
    assert told[:7] == [
        (Status.LIVE, None),
        (Status.BACKING_OFF, Reason.END_OF_STREAM),
        (Status.CONNECTING, Reason.END_OF_STREAM),
        (Status.BACKING_OFF, Reason.REFUSED),
        (Status.CONNECTING, Reason.REFUSED),
        (Status.LIVE, None),
        (Status.BACKING_OFF, Reason.TIMEOUT),
    ]
    assert played.states[1].detail == "gone"
    assert [(f.session, f.seq) for f in played.frames[:5]] == [("s1", 0), ("s1", 5), ("s1", 10), ("s3", 0), ("s3", 5)]


def test_counters(play: Play) -> None:
    adapter = Scripted([(3, EndOfStream("gone")), (2, Unauthorised("who?"))], corrupt_packets=7)
    settings = SupervisorSettings(waits={**AT_ONCE.waits, Reason.UNAUTHORISED: Waits(60, 60)})
    state = play(adapter, settings=settings).until(lambda s: s.reason is Reason.UNAUTHORISED)
    assert (state.connects, state.failures, state.errors) == (2, 2, 0)
    assert (state.frames_decoded, state.frames_delivered) == (11 + 6, 5)
    assert (state.last_frame_ms, state.corrupt_packets) == (1005, 7)
    assert state.next_try_s is not None and 45 <= state.next_try_s <= 60


def test_a_wrong_password_is_tried_once_and_stopping_does_not_wait_for_the_next_try(play: Play) -> None:
    adapter = Scripted([(0, Unauthorised("rtsp://admin:geheim@h/x wants another password"))])
    played = play(adapter, settings=SupervisorSettings())
    state = played.until(lambda s: s.status is Status.BACKING_OFF)
    time.sleep(0.3)
    assert adapter.calls == 1
    assert state.next_try_s is not None and state.next_try_s >= 60
    assert state.detail == "rtsp://***@h/x wants another password"
    began = time.monotonic()
    assert played.supervisor.stop(2.0)
    assert time.monotonic() - began < 1.0
    assert (played.supervisor.state.status, played.supervisor.state.reason) == (Status.STOPPED, Reason.ASKED)


def test_a_recording_that_is_used_up_stops(play: Play) -> None:
    adapter = Scripted([(4, None)], live=False)
    played = play(adapter)
    state = played.until(lambda s: s.status is Status.STOPPED)
    assert (state.reason, adapter.calls, len(played.frames)) == (Reason.END_OF_STREAM, 1, 4)


def test_a_recording_that_breaks_is_not_played_twice(play: Play) -> None:
    adapter = Scripted([(4, SourceError("damaged"))], live=False)
    state = play(adapter).until(lambda s: s.status is Status.STOPPED)
    assert (state.reason, state.detail, adapter.calls) == (Reason.DECODE_ERROR, "damaged", 1)


def test_a_recording_that_is_not_there_yet_is_waited_for(play: Play) -> None:
    adapter = Scripted([(0, BadSource("does not exist")), (2, None)], live=False)
    state = play(adapter).until(lambda s: s.status is Status.STOPPED)
    assert (state.reason, adapter.calls) == (Reason.END_OF_STREAM, 2)


def test_a_live_stream_that_ends_quietly_has_failed(play: Play) -> None:
    adapter = Scripted([(1, None)])
    state = play(adapter).until(lambda s: s.connects >= 3)
    assert state.failures >= 2


def test_a_fault_of_the_listener_costs_the_frame_and_not_the_camera(play: Play) -> None:
    def deliver(one: Frame) -> None:
        if one.seq == 5:
            raise ZeroDivisionError("rtsp://admin:geheim@h/x")

    with capture_logs() as logs:
        state = play(Scripted([(4, None)], live=False), deliver).until(lambda s: s.status is Status.STOPPED)
    assert (state.frames_delivered, state.errors) == (3, 1)
    (entry,) = (e for e in logs if e["event"] == "deliver_failed")
    assert "geheim" not in entry["error"]


def test_a_fault_of_the_adapter_is_told_and_the_camera_goes_on(play: Play) -> None:
    played = play(Scripted([(1, ZeroDivisionError("oops")), (9, EndOfStream("gone"))]))
    state = played.until(lambda s: s.frames_delivered >= 10)
    assert state.errors == 1
    assert next(s.reason for s in played.states if s.status is Status.BACKING_OFF) is Reason.DECODE_ERROR


def test_a_fault_of_the_state_listener_goes_no_further() -> None:
    def on_state(state: StreamState) -> None:
        raise ZeroDivisionError

    with capture_logs():
        supervisor = Supervisor(
            CAMERA, REQUEST, lambda _: None, adapter=Scripted([(3, None)], live=False), on_state=on_state
        )
        supervisor.start()
        assert supervisor.stop(2.0)
    assert supervisor.state.errors >= 1


class Hanging:
    """Gives one frame, then hangs as FFmpeg does until its own limit ends it."""

    live = True
    corrupt_packets = 0

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def frames(self, camera: Camera, request: FrameRequest) -> Iterator[Frame]:
        yield frame(0)
        self.go_on.wait(5)
        self.go_on.clear()
        yield frame(5)
        self.go_on.wait(5)
        raise TimedOut("stopped sending")


def test_a_thread_that_hangs_is_noticed_and_recovers(play: Play) -> None:
    adapter = Hanging()
    settings = SupervisorSettings(stall_s=0.05, waits=AT_ONCE.waits)
    played = play(adapter, camera=Camera("gate", "rtsp://h", analysis_fps=100), settings=settings)
    state = played.until(lambda s: s.status is Status.STALLED)
    assert state.reason is Reason.TIMEOUT and state.detail.startswith("no picture for 0.")
    adapter.go_on.set()
    played.until(lambda s: s.status is Status.LIVE)
    adapter.go_on.set()
    played.until(lambda s: s.connects == 2)
    adapter.go_on.set()


def test_a_slow_analysis_is_no_stall(play: Play) -> None:
    settings = SupervisorSettings(stall_s=0.03)
    camera = Camera("gate", "rtsp://h", analysis_fps=200)
    played = play(Scripted([(3, None)], live=False), lambda _: time.sleep(0.1), camera=camera, settings=settings)
    played.until(lambda s: s.status is Status.STOPPED)
    assert Status.STALLED not in {s.status for s in played.states}


def test_stop_says_when_the_thread_does_not_end(play: Play) -> None:
    adapter = Hanging()
    played = play(adapter)
    played.until(lambda s: s.status is Status.LIVE)
    assert not played.supervisor.stop(0.05)
    adapter.go_on.set()
    assert played.supervisor.stop(2.0)


def test_a_thousand_reconnects_leave_nothing_behind(play: Play) -> None:
    adapter = Scripted([(1, EndOfStream("gone")), (0, Refused("no")), (2, ZeroDivisionError("oops")), (0, None)] * 250)
    adapter.acts.append((0, Unauthorised("enough")))
    waits = {reason: Waits(1e-6, 1e-6) for reason in Reason} | {Reason.UNAUTHORISED: Waits(60, 60)}
    threads, files = threading.active_count(), open_files()
    played = play(adapter, lambda _: None, settings=SupervisorSettings(waits=waits))
    state = played.until(lambda s: s.reason is Reason.UNAUTHORISED, 20.0)
    assert adapter.closed == adapter.calls == state.connects == 1001
    assert (state.failures, state.errors, state.frames_delivered) == (1001, 250, 750)
    assert threading.active_count() <= threads + 2
    assert open_files() <= files
    adapter.acts.clear()  # its exceptions hold the frames they were raised beside
    gc.collect()
    assert not [o for o in gc.get_objects() if isinstance(o, Frame)]


def test_a_camera_that_is_gone_for_long_does_not_fill_the_log() -> None:
    adapter = Scripted([(0, Refused("nobody listens"))])
    with capture_logs() as logs:
        supervisor = Supervisor(CAMERA, REQUEST, lambda _: None, adapter=adapter, settings=AT_ONCE)
        supervisor.start()
        while adapter.calls < 200:
            time.sleep(0.002)
        assert supervisor.stop(2.0)
    assert [(e["status"], e["reason"]) for e in logs] == [("backing_off", "refused"), ("stopped", "asked")]
    assert logs[1]["repeats"] >= 190
