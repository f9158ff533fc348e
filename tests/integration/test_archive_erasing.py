"""`zhian archive expire | forget`: what goes, what a case keeps, and what stands in the log."""

from pathlib import Path

import pytest

from camera_adapters.clock import now_ms
from models.kinds import Kind
from pipeline.archive import HoldOrder, LocalArchive, open_archive
from search_api.cli.main import run_command
from tests.servers.doors import GREEN, RED, record

DAY_MS = 86_400_000
OLD, HELD = (record("north", track, RED, 1_000_000 * track).sighting.id for track in (1, 2))
NEW = record("north", 3, GREEN, 1).sighting.id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.append([record("north", track, RED, 1_000_000 * track) for track in (1, 2)])
        archive.append([record("north", 3, GREEN, now_ms() - DAY_MS // 2)])
        archive.hold([HELD], HoldOrder("c1", "wang", "x", 1))
    return tmp_path / "a"


def left(archive: LocalArchive) -> set[str]:
    return {name for name in (OLD, HELD, NEW) if archive.vectors([name], record("n", 1, RED, 1).space)}


def test_what_is_older_goes_but_for_what_a_case_holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["archive", "expire", "--archive", str(folder), "--days", "1"]
    assert run_command([*asked, "--kind", Kind.MOTOR_VEHICLE.value]) == 0
    assert "0 sightings erased" in capsys.readouterr().out
    assert run_command(asked) == 0
    assert "1 sightings erased" in capsys.readouterr().out
    with open_archive(folder, writable=False) as archive:
        assert left(archive) == {HELD, NEW}
        line = next(archive.searches(limit=1))
        assert (line.what["action"], line.reason, line.hits) == ("expire", "older than 1 days", 1)
    assert run_command(["archive", "verify", "--archive", str(folder), "--thorough"]) == 0


def test_one_is_erased_on_order_and_the_order_stands_in_the_log(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["archive", "forget", "--archive", str(folder), "--reason", "asked for by the one shown"]
    assert run_command([*asked, "--sighting", OLD, "--sighting", NEW, "--sighting", OLD]) == 0
    assert "2 sightings erased" in capsys.readouterr().out
    with open_archive(folder, writable=False) as archive:
        assert left(archive) == {HELD}
        line = next(archive.searches(limit=1))
        assert (line.what["action"], line.what["sightings"]) == ("forget", [OLD, NEW])
    assert run_command([*asked, "--sighting", OLD]) == 2
    assert "no sighting" in capsys.readouterr().err
    assert run_command([*asked, "--sighting", HELD]) == 2
    assert "held by case c1" in capsys.readouterr().err
    assert run_command([*asked[:-1], " ", "--sighting", HELD]) == 2
    assert "say what for" in capsys.readouterr().err
