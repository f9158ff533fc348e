"""The archive: does kill -9 lose, double or halve a sighting, whatever the archive is at?

Writes benchmarks/results/archive_kill.json. For each sort of work (ingest one by one, in batches and in bulk, sealing,
rewriting packs of pictures, compacting vectors, compacting everything) a writer is killed `--kills` times (50) at
random moments that follow from the work's name. After each kill the archive is opened as a reader and as a writer,
every record is compared with what was stored, and every picture and vector is verified.
tests/integration/archive_trials.py has the trials.
"""

import argparse
import importlib.util
import json
import os
import platform
import random
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.progress import Progress

ROOT = Path(__file__).resolve().parent
TRIALS = ROOT.parent / "tests" / "integration" / "archive_trials.py"
KILLS_EACH = 5  # on one archive, one after the other


def load_trials() -> ModuleType:
    spec = importlib.util.spec_from_file_location("archive_trials", TRIALS)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def killed(
    trials: ModuleType, nursery: Any, work: str, folder: Path, kills: int, progress: Progress
) -> dict[str, object]:
    """Return what `kills` kills at one sort of work did; the moments follow from the work's name."""
    writer, chance = trials.load_writer(), random.Random(work)
    acknowledged, erased, faults = 0, 0, list[str]()
    task = progress.add_task(work, total=kills)
    for number in range(kills):
        home = folder / f"{work}-{number // KILLS_EACH}"
        if number % KILLS_EACH == 0:
            told = trials.Told()
        before, gone = len(told.stored), len(told.gone)
        trials.kill_once(nursery, home, 100_000 * (number + 1), trials.WORKS[work], chance, told)
        faults += trials.faults_after(home, writer, told)
        acknowledged += len(told.stored) - before
        erased += len(told.gone) - gone
        progress.advance(task)
    return {"kills": kills, "acknowledged": acknowledged, "erased": erased, "faults": faults}


def main(argv: list[str]) -> int:
    """Kill, write the result file, return 1 when a kill did harm."""
    trials = load_trials()
    parser = argparse.ArgumentParser(prog="archive_kill")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--work", choices=tuple(trials.WORKS), action="append")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "archive_kill.json")
    asked = parser.parse_args(argv)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch, Progress() as progress, trials.Nursery() as nursery:
        found = {
            work: killed(trials, nursery, work, Path(scratch), asked.kills, progress)
            for work in asked.work or trials.WORKS
        }
    taken_s = round(time.perf_counter() - began)
    result = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "taken_s": taken_s, "works": found}
    text = json.dumps(result, indent=2, ensure_ascii=False)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return int(any(each["faults"] for each in found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
