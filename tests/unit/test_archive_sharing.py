"""The work of one search that another core may share."""

import threading
from functools import partial
from pathlib import Path

import pytest

from pipeline.archive.segments import sharing
from pipeline.archive.segments.sharing import work_done


def test_shared_work_is_done_once_in_order_and_its_errors_are_told() -> None:
    assert work_done([partial(pow, 2, n) for n in range(50)], 2) == [2**n for n in range(50)]
    with pytest.raises(ZeroDivisionError):
        work_done([partial(pow, 2, 1), partial(pow, 0, -1)], 2)


@pytest.mark.parametrize(
    ("told", "threads"),
    [("0.00 0.00 0.00 1/80 9", 4), ("9.9 9 9 3/80 9", 2), ("9 9 9 4/80 9", 1), ("9 9 9 60/80 9", 1)],
)
def test_only_cores_on_which_nobody_computes_share(
    told: str, threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loadavg").write_text(told)
    monkeypatch.setattr(sharing, "RUNNING", tmp_path / "loadavg")
    monkeypatch.setattr(sharing, "_cores", lambda: 4)
    assert sharing.threads_at_hand() == threads


def test_a_helper_that_gets_no_turn_is_not_waited_for() -> None:
    held, released = threading.Event(), threading.Event()
    caller = threading.get_ident()

    def work(number: int) -> int:
        if threading.get_ident() != caller:
            held.set()
            released.wait(30)
        else:
            held.wait(0.2)
        return number

    assert work_done([partial(work, n) for n in range(4)], 2) == [0, 1, 2, 3]
    released.set()
