"""Eight RTSP cameras for an hour: `python -m benchmarks.soak [MINUTES [CAMERAS]]` (10 minutes unless said).

Real server, real worker. Memory, threads and open files are read once every ten seconds; the first fifth of the time
counts as warming up. The server's film ends every twenty seconds, and every camera connects again. Passes when memory
stays within 3 % of its median, threads and files end where they were, and for every camera received = analysed +
dropped + waiting. Writes results/soak.json.
"""

import json
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from benchmarks.evaluation_set import write_result
from benchmarks.gate_footage import FPS, PETS, PETS_FPS, encode, pictures
from pipeline.archive import open_archive
from pipeline.assembly import load_networks
from pipeline.settings import Settings
from pipeline.worker import Worker
from tests.servers.cameras import open_files, rtsp_server

EVERY_S = 10.0
SYSTEM_PYTHON = "/usr/bin/python3"


def memory_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def threads() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def film(path: Path) -> Path:
    """Twenty seconds of PETS at 640x360."""
    shown = pictures(PETS)
    frames = (shown[int(n / FPS * PETS_FPS) % len(shown)] for n in range(20 * FPS))
    return encode(path, frames, (640, 360), 600_000)


def watch(worker: Worker, minutes: float) -> list[dict[str, float]]:
    """Read the process every ten seconds, the last time at the end."""
    rows, began = [], time.monotonic()
    while (passed := time.monotonic() - began) < minutes * 60:
        time.sleep(min(EVERY_S, minutes * 60 - passed))
        if worker.failure:
            raise worker.failure
        rows.append({"at_s": round(time.monotonic() - began), "memory_mb": memory_mb(), "threads": threads()})
        rows[-1]["files"] = open_files()
        print(json.dumps(rows[-1]), flush=True)
    return rows


def flat(rows: list[dict[str, float]]) -> dict[str, object]:
    settled = rows[len(rows) // 5 :]
    memory = [row["memory_mb"] for row in settled]
    middle = median(memory)
    return {
        "memory_mb": round(middle, 1),
        "memory_within": round(max(abs(each - middle) for each in memory) / middle, 4),
        "memory_drift": round(memory[-1] / memory[0] - 1, 4),
        "threads": [settled[0]["threads"], settled[-1]["threads"]],
        "files": [settled[0]["files"], settled[-1]["files"]],
    }


def main(argv: list[str]) -> int:
    minutes, cameras = float(argv[0]) if argv else 10.0, int(argv[1]) if len(argv) > 1 else 8
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        clip = folder / "pets.h264.mp4"
        with get_context("spawn").Pool(1) as elsewhere:  # a gigabyte of pictures must not be in this process
            elsewhere.apply(film, (clip,))
        with rtsp_server(SYSTEM_PYTHON, {f"c{n}": clip for n in range(cameras)}) as server:
            each = [{"id": f"c{n}", "source": server.url(f"c{n}")} for n in range(cameras)]
            settings = Settings.model_validate({"cameras": each, "archive": {"path": folder / "archive"}})
            with open_archive(folder / "archive", writable=True) as archive:
                networks = load_networks()
                networks.prepare(settings.analysis.batch_size)
                worker = Worker(settings, archive, networks)
                worker.start()
                rows = watch(worker, minutes)
                ended = worker.stop()
                reports = worker.camera_reports()
    counted = [(one.received, one.analysed, one.dropped, one.gated, one.thinned) for one in reports]
    adds_up = all(received == analysed + dropped for received, analysed, dropped, _, _ in counted)
    found = flat(rows)
    result = {"minutes": minutes, "cameras": cameras, **found, "adds_up": adds_up, "ended": ended, "counted": counted}
    print(json.dumps(result))
    write_result("soak", {**result, "rows": rows})
    steady = float(str(found["memory_within"])) <= 0.03 and found["threads"] == [rows[-1]["threads"]] * 2
    return 0 if steady and adds_up and ended else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
