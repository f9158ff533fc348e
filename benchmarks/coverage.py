"""The record of what was watched: does a kill -9 ever claim more than was watched, and how fast is the answer?

    python -m benchmarks.coverage [--kills N]

A kill trial reports twenty live cameras five times a second, kills the process at a random moment, and compares the
journal with the last report that was acknowledged and with the moment of the kill. The answers are timed on fifty
cameras over thirty days, and on the ten thousand of a county over one, that go down twelve times a day. Writes
benchmarks/results/coverage.json.
"""

import argparse
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.evaluation_set import write_result
from camera_adapters.clock import now_ms
from camera_adapters.site import Camera
from camera_adapters.stream_state import Status, StreamState
from pipeline.archive import Archive, Span, SpanState, open_archive
from pipeline.coverage import Reading, State, archive_coverage, recent_coverage
from pipeline.coverage.logbook import Logbook, LogbookSettings
from search_api.wire.coverage import brief_coverage_out, coverage_out

CAMERAS = [Camera(f"c{n:02d}", f"rtsp://127.0.0.1/{n}") for n in range(50)]
BEATING = CAMERAS[:20]
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
DAYS, DOWNS_A_DAY = 30, 12
COUNTY = [Camera(f"k{n:05d}", f"rtsp://127.0.0.1/{n}") for n in range(10_000)]
COUNTY_AT_ONCE = 500  # cameras that are noted together


def report_for_ever(folder: Path) -> None:
    """Be a process with live cameras; print the end of each report once it is durable."""
    with open_archive(folder, writable=True) as archive:
        book = Logbook(archive.journal, BEATING, LogbookSettings(beat_s=0.2))
        for camera in BEATING:
            book.hear(StreamState(camera.id, Status.LIVE, now_ms(), last_frame_ms=now_ms()))
        while True:
            at_ms = now_ms()
            book.beat([Reading(camera.id, at_ms, 0, 0, None) for camera in BEATING])
            print(at_ms, flush=True)
            time.sleep(0.2)


def kill_once(folder: Path, after_s: float) -> tuple[int, int]:
    """Return (last acknowledged end, moment of the kill), UTC epoch ms."""
    command = [sys.executable, "-m", "benchmarks.coverage", "--report", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the first report only begins a span: it claims no time yet
        first = process.stdout.readline()
        time.sleep(after_s)
        killed_ms = now_ms()
        process.send_signal(signal.SIGKILL)
        told = [first, *process.stdout]
    return int([line for line in told if line.endswith("\n")][-1]), killed_ms


def kill_trials(folder: Path, count: int) -> dict[str, float]:
    chance, claimed, short = random.Random(0), [], []
    for trial in range(count):
        acknowledged_ms, killed_ms = kill_once(folder, chance.uniform(0.0, 1.0))
        with open_archive(folder, writable=True) as archive:
            for answer in archive_coverage(archive, [c.id for c in BEATING], killed_ms - 5000, killed_ms + 5000):
                ends = [each.to_ms for each in answer.intervals if each.state is not State.UNKNOWN]
                claimed.append(max(ends) - killed_ms)
                short.append(acknowledged_ms - max(ends))
        print(f"kill {trial + 1} of {count}", end="\r", flush=True)
    return {
        "kills": count,
        "claimed_after_the_kill_ms": max(0, *claimed),
        "acknowledged_and_missing_ms": max(0, *short),
        "watched_and_not_claimed_ms_worst": -min(claimed),
    }


def spans_of(camera: Camera, days: int = DAYS) -> list[Span]:
    """Return days in which the camera is down for five minutes twelve times each."""
    step, down = DAY_MS // DOWNS_A_DAY, 300_000
    found = []
    for start in range(0, days * DAY_MS, step):
        ends = (start, start + step - down, start + step)
        found.append(Span(camera.id, "s", SpanState.LIVE, ends[0], ends[1], ends[1]))
        found.append(Span(camera.id, "s", SpanState.DOWN, ends[1], ends[2], ends[2], "timeout"))
    return found


def timed(ask: Callable[[], object], times: int = 15) -> float:
    """Return the median in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        spent.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(spent), 2)


def answers(folder: Path) -> dict[str, float]:
    with open_archive(folder, writable=True) as archive:
        began = time.perf_counter()
        for camera in CAMERAS:
            archive.journal.note(spans_of(camera))
        noted_s = time.perf_counter() - began
        month, one = DAYS * DAY_MS, [CAMERAS[7].id]
        return {
            "spans": len(CAMERAS) * DAYS * DOWNS_A_DAY * 2,
            "noted_per_s": round(len(CAMERAS) * DAYS * DOWNS_A_DAY * 2 / noted_s),
            "one_camera_one_day_ms": timed(lambda: archive_coverage(archive, one, month - DAY_MS, month)),
            "fifty_cameras_one_day_ms": timed(lambda: archive_coverage(archive, (), month - DAY_MS, month)),
            "fifty_cameras_thirty_days_ms": timed(lambda: archive_coverage(archive, (), 0, month), 5),
        }


def county_answers(folder: Path) -> dict[str, float]:
    with open_archive(folder, writable=True) as archive:
        began = time.perf_counter()
        for first in range(0, len(COUNTY), COUNTY_AT_ONCE):
            archive.journal.note([span for one in COUNTY[first : first + COUNTY_AT_ONCE] for span in spans_of(one, 1)])
            print(f"{first + COUNTY_AT_ONCE} of {len(COUNTY)} cameras noted", end="\r", flush=True)
        noted_s = time.perf_counter() - began
        spans = len(COUNTY) * DOWNS_A_DAY * 2
        one, community = [COUNTY[77].id], [camera.id for camera in COUNTY[400:450]]
        return {
            "cameras": len(COUNTY),
            "spans": spans,
            "noted_per_s": round(spans / noted_s),
            "one_camera_one_day_ms": timed(lambda: archive_coverage(archive, one, 0, DAY_MS)),
            "fifty_cameras_one_day_ms": timed(lambda: archive_coverage(archive, community, 0, DAY_MS)),
            "all_cameras_one_hour_ms": timed(lambda: archive_coverage(archive, (), DAY_MS - HOUR_MS, DAY_MS), 5),
            "all_cameras_one_day_ms": timed(lambda: archive_coverage(archive, (), 0, DAY_MS), 5),
            "one_day_as_a_search_tells_it_ms": timed(lambda: as_a_search_tells_it(archive), 5),
            "one_day_page_of_1000_cameras_ms": timed(lambda: page_of_thousand(archive), 5),
        }


def as_a_search_tells_it(archive: Archive) -> str:
    """Return the JSON of a search without any time: the last day, its hundred least watched cameras."""
    watching = recent_coverage(archive, (), None, None, archive.journal.cameras())
    return brief_coverage_out(watching, {}).model_dump_json()


def page_of_thousand(archive: Archive) -> str:
    """Return the JSON of a page of GET /v1/coverage."""
    return coverage_out(archive_coverage(archive, (), 0, DAY_MS), {}, limit=1000).model_dump_json()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="coverage")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if asked.report:
        report_for_ever(asked.report)
    with tempfile.TemporaryDirectory() as scratch:
        kills = kill_trials(Path(scratch) / "killed", asked.kills)
        result: dict[str, object] = {
            "kill_9": kills,
            "answers": answers(Path(scratch) / "month"),
            "county": county_answers(Path(scratch) / "county"),
        }
    write_result("coverage", result)
    print(result)
    return int(kills["claimed_after_the_kill_ms"] > 0 or kills["acknowledged_and_missing_ms"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
