"""A watching process is killed -9 again and again: every stored sighting of the one looked for is one alert."""

import random
import subprocess
import sys
from pathlib import Path

from pipeline.alerting.database import open_database
from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.incidents.reading import IncidentReader, Wanted
from pipeline.alerting.watches import Lookout, WatchBook
from pipeline.archive import open_archive
from tests.integration.watching_process import SOUGHT_EVERY, key_of

PROCESS = Path(__file__).with_name("watching_process.py")
ROOT = PROCESS.parents[2]
KILLS = 3


def run_until_killed(folder: Path, first: int, appends: int) -> int:
    """Return the number after the last sighting that was stored for sure."""
    command = [sys.executable, str(PROCESS), str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}) as process:
        assert process.stdout is not None
        for _ in range(appends):
            process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split()
    return max([first + appends - 1, *map(int, rest)]) + 1


def test_nothing_stored_goes_unnoticed_and_nothing_is_told_twice(tmp_path: Path) -> None:
    rng, following = random.Random(11), 1
    for _ in range(KILLS):
        following = run_until_killed(tmp_path, following, rng.randint(10, 25))
    engine = open_database(tmp_path / "alerting.sqlite")
    desk = IncidentDesk(engine)
    with open_archive(tmp_path / "store", writable=True) as archive:
        Lookout(archive, WatchBook(engine), desk.take).catch_up()
    alerts = IncidentReader(engine).alerts(Wanted(), limit=1000)
    engine.dispose()
    told = sorted(alert.sighting_id for alert, _ in alerts)
    wanted = sorted(key_of(n).sighting_id() for n in range(1, following) if n % SOUGHT_EVERY == 0)
    assert len(wanted) >= 6
    assert [name for name in told if name in set(wanted)] == wanted
    assert len(told) - len(wanted) <= 1, "one more at most: stored, but not said so before the last kill"
