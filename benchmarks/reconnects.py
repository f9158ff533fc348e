"""Does a camera come back, and does nothing grow? A real RTSP server is killed with -9 and started again, many times.

Writes benchmarks/results/reconnects.json: seconds from "the server listens" to the next frame (median, largest), memory
(RSS, KiB), open files and threads early and at the end, and counted failures. Needs gst-rtsp-server (see README).
`--cycles N` (default 200).
"""

import argparse
import gc
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import structlog

from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from camera_adapters.supervisor import Supervisor, SupervisorSettings
from tests.servers.cameras import RtspServer, make_clip, open_files, rtsp_server

RESULT = Path(__file__).resolve().parent / "results" / "reconnects.json"
LIMIT_S = 5.0
# Caches fill during the first tries; growth is counted from here on.
WARM = 0.2
GROWTH_KIB = 4096


def rss_kib() -> int:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1])


class Watched:
    """A supervised camera that counts its frames."""

    def __init__(self, url: str) -> None:
        self.frames = 0
        self.arrived = threading.Event()
        camera = Camera("soak", url)
        # Settled at the first frame, so that each outage is a first one and 200 of them fit into minutes.
        settings = SupervisorSettings(settled_s=0.0)
        self.supervisor = Supervisor(camera, FrameRequest(300, 300), self._count, settings=settings)
        self.supervisor.start()

    def _count(self, frame: Frame) -> None:
        frame.full_image()
        self.frames += 1
        self.arrived.set()

    def wait_s(self) -> float:
        """Wait for the next frame; returns the seconds it took."""
        self.arrived.clear()
        began = time.monotonic()
        if not self.arrived.wait(30):
            raise SystemExit(f"no frame for 30 s: {self.supervisor.state}")
        return time.monotonic() - began


def one_outage(server: RtspServer, watched: Watched) -> float:
    server.kill()
    server.start()
    return watched.wait_s()


def footprint() -> dict[str, int]:
    gc.collect()
    return {"rss_kib": rss_kib(), "files": open_files(), "threads": threading.active_count()}


def soak(cycles: int, folder: Path) -> dict[str, object]:
    clip = make_clip(folder / "a.h264.mp4", frames=1500, size=(640, 480))
    with rtsp_server("/usr/bin/python3", {"a": clip}) as server:
        watched = Watched(server.url("a"))
        watched.wait_s()
        took, early = [], footprint()
        for cycle in range(cycles):
            took.append(one_outage(server, watched))
            if cycle == int(cycles * WARM):
                early = footprint()
        late = footprint()
        state = watched.supervisor.state
        stopped = watched.supervisor.stop(10)
    return {
        "cycles": cycles,
        "back_after_s": {"median": round(median(took), 2), "largest": round(max(took), 2)},
        "early": early,
        "late": late,
        "connects": state.connects,
        "failures": state.failures,
        "unexpected_errors": state.errors,
        "frames_delivered": state.frames_delivered,
        "stopped_in_time": stopped,
    }


def holds(result: dict[str, object]) -> bool:
    early, late, back = result["early"], result["late"], result["back_after_s"]
    assert isinstance(early, dict) and isinstance(late, dict) and isinstance(back, dict)
    return bool(
        back["largest"] <= LIMIT_S
        and late["rss_kib"] - early["rss_kib"] <= GROWTH_KIB
        and late["files"] <= early["files"] + 1  # the moment of counting may fall into a connect
        and late["threads"] == early["threads"]
        and result["unexpected_errors"] == 0
        and result["stopped_in_time"]
    )


def main(argv: list[str]) -> int:
    """Measure, write the result, and return 0 when everything holds."""
    parser = argparse.ArgumentParser(prog="reconnects", description=__doc__)
    parser.add_argument("--cycles", type=int, default=200)
    cycles = parser.parse_args(argv).cycles
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    with tempfile.TemporaryDirectory() as folder:
        result = soak(cycles, Path(folder))
    result["holds"] = holds(result)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if result["holds"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
