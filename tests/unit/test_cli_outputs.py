"""Output files appear whole or not at all."""

from pathlib import Path

import pytest

from search_api.cli.outputs import whole_file
from search_api.errors import BadInput


def test_written_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    with whole_file(out) as unfinished:
        unfinished.write_text("new")
        assert not out.exists()
    assert out.read_text() == "new"
    assert list(tmp_path.iterdir()) == [out]


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("old")
    with pytest.raises(RuntimeError), whole_file(out) as unfinished:
        unfinished.write_text("half")
        raise RuntimeError
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_places_that_cannot_take_a_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"), whole_file(tmp_path / "no" / "out.json"):
        pass
    with pytest.raises(BadInput, match="is a folder"), whole_file(tmp_path):
        pass


def test_a_device_is_written_directly() -> None:
    with whole_file(Path("/dev/null")) as place:
        assert place == Path("/dev/null")
