"""What a process tells of its cameras, beat by beat, with clocks that the test turns."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from camera_adapters.errors import Reason
from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stream_state import Status, StreamState
from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive.journal import InMemoryJournal, Span, SpanState
from pipeline.coverage import Reading
from pipeline.coverage.logbook import Logbook, LogbookSettings
from pipeline.errors import ArchiveFull
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

GATE = Camera("gate", "rtsp://h/x", analysis_fps=5)
FILM = Camera("film", "film.mp4", analysis_fps=5)
IMAGE = np.zeros((2, 2, 3), np.uint8)


class Disk(InMemoryJournal):
    full = False

    def note(self, spans: list[Span]) -> None:
        if self.full:
            raise ArchiveFull("no room")
        super().note(spans)


@dataclass
class Bench:
    """A logbook whose clocks stand at `now` seconds."""

    camera: Camera
    keep_days: int | None = None
    journal: Disk = field(default_factory=Disk)
    now: float = 100.0
    leap_ms: int = 0

    def __post_init__(self) -> None:
        settings = LogbookSettings(beat_s=10, shedding_share=0.5, keep_days=self.keep_days)
        self.book = Logbook(
            self.journal, [self.camera], settings, wall_ms=self.wall_ms, clock=lambda: self.now, run=lambda: "run"
        )

    def wall_ms(self) -> int:
        return round(self.now * 1000) + self.leap_ms

    def hear(self, status: Status, reason: Reason | None = None, last_frame_ms: int | None = None) -> None:
        self.book.hear(StreamState("gate", status, self.wall_ms(), reason, last_frame_ms=last_frame_ms))

    def analyse(self, *at_ms: int, session: str = "s") -> None:
        name = self.camera.id
        self.book.analysed(Frame(name, session, i, at, IMAGE, (2, 2), lambda: IMAGE) for i, at in enumerate(at_ms))

    def reading(
        self, last: int | None = None, received: int = 0, dropped: int = 0, pending: int | None = None
    ) -> Reading:
        return Reading(self.camera.id, last, received, dropped, pending)

    def told(self) -> list[tuple[str, int, int, int, str]]:
        spans = self.journal.spans(0, 10**15)
        return [(s.state.value, s.from_ms, s.to_ms, s.indexed_ms, s.reason) for s in spans]


def test_connecting_is_down_and_live_begins_with_the_first_frame() -> None:
    bench = Bench(GATE)
    bench.book.start()
    bench.now = 103.0
    bench.hear(Status.LIVE, last_frame_ms=102_900)
    bench.analyse(102_900, 104_000)
    bench.now = 110.0
    bench.book.beat([bench.reading(last=109_800, pending=105_000)])
    assert bench.told() == [
        ("down", 100_000, 102_900, 102_900, "connecting"),
        ("live", 102_900, 109_800, 104_000 + 1_000, ""),
    ]


def test_a_stream_was_live_up_to_its_last_frame_not_up_to_the_alarm() -> None:
    bench = Bench(GATE)
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    bench.analyse(100_000, 104_000)
    bench.now = 107.2
    bench.hear(Status.STALLED, Reason.TIMEOUT, last_frame_ms=104_000)
    bench.now = 109.0
    bench.hear(Status.BACKING_OFF, Reason.TIMEOUT, last_frame_ms=104_000)
    bench.hear(Status.CONNECTING, Reason.TIMEOUT, last_frame_ms=104_000)
    bench.now = 110.0
    bench.book.beat([bench.reading(last=104_000)])
    assert bench.told() == [
        ("live", 100_000, 104_000, 104_000, ""),
        ("down", 104_000, 110_000, 110_000, "timeout"),
    ]


def test_after_a_kill_the_record_ends_at_the_last_beat() -> None:
    bench = Bench(GATE)
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    bench.analyse(100_000, 109_800)
    bench.now = 110.0
    assert bench.book.beat_when_due(lambda: [bench.reading(last=109_800)])
    bench.now = 119.0
    bench.analyse(118_800)
    assert not bench.book.beat_when_due(lambda: [bench.reading(last=118_800)])
    assert bench.told() == [("live", 100_000, 109_800, 109_800, "")]  # killed here: nothing says 119


def test_what_is_seen_and_not_stored_holds_the_watermark_of_a_span_that_is_over_too() -> None:
    bench = Bench(GATE)
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    bench.analyse(100_000, 104_000)
    bench.hear(Status.BACKING_OFF, Reason.END_OF_STREAM, last_frame_ms=104_000)
    bench.now = 110.0
    bench.book.beat([bench.reading(last=104_000, pending=101_500)])
    assert bench.told()[0] == ("live", 100_000, 104_000, 101_500, "")
    bench.now = 120.0
    bench.book.beat([bench.reading(last=104_000)])
    assert bench.told()[0] == ("live", 100_000, 104_000, 104_000, "")


def test_frames_that_wait_hold_the_watermark_and_frames_without_news_do_not() -> None:
    bench = Bench(GATE)
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    bench.analyse(100_000, 104_000)
    bench.now = 110.0
    bench.book.beat([Reading("gate", 110_000, 50, 0, None, waiting=1)])
    assert bench.told() == [("live", 100_000, 110_000, 104_000, "")]
    bench.now = 120.0
    bench.book.beat([Reading("gate", 120_000, 50, 0, None)])
    assert bench.told() == [("live", 100_000, 120_000, 120_000, "")]


def test_dropped_frames_beyond_the_share_are_shedding_for_the_beats_they_lasted() -> None:
    bench = Bench(GATE)
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    for beat, (received, dropped) in enumerate([(50, 20), (100, 60), (150, 100), (200, 101)], 1):
        bench.now = 100.0 + 10 * beat
        last = 100_000 + 10_000 * beat
        bench.analyse(last)
        bench.book.beat([bench.reading(last, received, dropped)])
    assert bench.told() == [
        ("live", 100_000, 110_000, 110_000, ""),
        ("shedding", 110_000, 130_000, 130_000, ""),
        ("live", 130_000, 140_000, 140_000, ""),
    ]


def test_a_stop_closes_where_the_analysis_was() -> None:
    bench = Bench(GATE)
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    bench.analyse(100_000, 103_800)
    bench.now = 104.0
    bench.hear(Status.STOPPED, Reason.ASKED, last_frame_ms=104_000)
    bench.now = 105.0
    bench.book.end([bench.reading(last=104_000)])
    assert bench.told() == [("live", 100_000, 103_800, 103_800, "")]


def test_a_leaping_clock_leaves_a_gap_that_nobody_watched() -> None:
    bench = Bench(GATE)
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    bench.book.beat([bench.reading(last=100_000)])
    bench.now = 110.0
    bench.analyse(109_900)
    bench.book.beat([bench.reading(last=109_900)])
    bench.leap_ms, bench.now = 3_600_000, 120.0
    bench.analyse(3_719_900)
    bench.book.beat([bench.reading(last=3_719_900)])
    bench.now = 130.0
    bench.analyse(3_730_000)
    bench.book.beat([bench.reading(last=3_730_000)])
    assert bench.told() == [
        ("live", 100_000, 109_900, 109_900, ""),
        ("live", 3_720_000, 3_730_000, 3_730_000, ""),
    ]


def test_a_recording_is_told_in_the_time_of_the_film() -> None:
    bench = Bench(FILM)
    bench.book.start()
    bench.book.hear(StreamState("film", Status.LIVE, 100_000))
    bench.analyse(5_000, 5_200, 5_400, session="one")
    bench.book.beat([bench.reading(pending=5_200)])
    assert bench.told() == [("live", 5_000, 5_600, 5_200, "")]
    bench.analyse(9_000, session="two")
    bench.book.end([bench.reading()], ended_ms=9_700)
    assert bench.told() == [("live", 5_000, 5_600, 5_600, ""), ("live", 9_000, 9_700, 9_700, "")]


def test_a_film_looked_at_twice_is_one_span_and_a_broken_second_look_takes_nothing_back() -> None:
    bench = Bench(FILM)
    bench.analyse(0, 200, 400)
    bench.book.end([bench.reading()], ended_ms=600)
    again = Bench(FILM, journal=bench.journal)
    again.analyse(0)
    again.book.beat([again.reading(pending=0)])
    assert again.told() == [("live", 0, 600, 600, "")]


def test_a_full_disk_delays_the_report() -> None:
    bench = Bench(GATE)
    bench.journal.full = True
    bench.hear(Status.BACKING_OFF, Reason.REFUSED)
    bench.now = 110.0
    bench.book.beat([bench.reading()])
    bench.hear(Status.LIVE, last_frame_ms=110_000)
    bench.now = 120.0
    bench.book.beat([bench.reading(last=119_900)])
    assert bench.told() == []
    bench.journal.full = False
    bench.now = 130.0
    bench.book.beat([bench.reading(last=129_900)])
    assert [row[:3] for row in bench.told()] == [("down", 100_000, 110_000), ("live", 110_000, 129_900)]
    assert bench.book.dropped == 0


def test_sightings_that_found_no_room_make_holes_in_the_record() -> None:
    bench = Bench(GATE)
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    for first, last in ((101_000, 104_000), (103_000, 109_000), (300_000, 300_000)):
        key, shot = TrackletKey("gate", "s", first), Shot(first, (0, 0, 1, 1), 0.9, 0.9)
        lost = Sighting("x", key, Kind.PERSON, "", first, last, shot, (2, 2), 3)
        bench.book.lose(Record(lost, np.zeros(2, np.float32), EmbeddingSpace("x", "1", 2), b"jpeg"))
    bench.now = 400.0
    bench.analyse(400_000)
    bench.book.beat([bench.reading(last=400_000)])
    assert [row[:3] for row in bench.told()] == [
        ("live", 100_000, 400_000),
        ("lost", 101_000, 109_000),
        ("lost", 300_000, 300_001),
    ]


@pytest.mark.parametrize(("keep_days", "left"), [(None, 2), (1, 1)])
def test_spans_are_kept_as_long_as_asked(keep_days: int | None, left: int) -> None:
    bench = Bench(GATE, keep_days=keep_days, now=2 * 86_400.0)
    old = [Span("gate", "old", SpanState.LIVE, at, at + 10, at + 10) for at in (86_300_000, 86_500_000)]
    bench.journal.note(old)
    bench.book.beat([bench.reading()])
    assert len(bench.told()) == left


def test_watermarks_are_those_of_the_last_beat() -> None:
    bench = Bench(GATE)
    assert bench.book.progress() == {"gate": (None, None)}
    bench.hear(Status.LIVE, last_frame_ms=100_000)
    bench.analyse(109_000)
    bench.book.beat([bench.reading(last=109_000, pending=108_000)])
    assert bench.book.progress() == {"gate": (108_000, 1.0)}
    bench.hear(Status.BACKING_OFF, Reason.TIMEOUT, last_frame_ms=109_000)
    assert bench.book.progress()["gate"][1] is None
