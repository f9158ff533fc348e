"""How long a hit's visit lasted, and where else the one who looks so was seen."""

from dataclasses import replace

import pytest

from pipeline.archive.contract import Hit, SightingFilter
from pipeline.search import HitGroup
from pipeline.search.confidence import Confidence, Word
from search_api.cli.hits import show_hits
from search_api.report import Sheet, render_report
from tests.servers.doors import NOON_MS, RED, record


def hit(camera: str, track: int, at_ms: int) -> Hit:
    return Hit(1, 0.9, record(camera, track, RED, at_ms, upper_colour="red").sighting, {"lower_colour": "unseen"})


def group(*others: Hit) -> HitGroup:
    best = Hit(1, 0.9, record("north", 1, RED, NOON_MS, upper_colour="red").sighting, {"upper_colour": "disagree"})
    return HitGroup("g", best, others)


def test_a_visit_is_what_hangs_together_at_the_best_hits_camera() -> None:
    alone = (NOON_MS, NOON_MS + 5000)
    assert group().stay_ms == alone
    far = group(hit("north", 2, NOON_MS + 3_600_000), hit("south", 1, NOON_MS + 1000))
    assert (far.stay_ms, far.cameras) == (alone, 2)
    chained = group(
        hit("north", 4, NOON_MS - 50_000),
        hit("north", 3, NOON_MS - 25_000),
        hit("north", 2, NOON_MS + 60_000),
        hit("north", 5, NOON_MS + 32_000),
    )
    assert chained.stay_ms == (NOON_MS - 50_000, NOON_MS + 65_000)
    assert chained.cameras == 1


def test_the_table_does_not_claim_that_she_was_where_another_camera_saw_her(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_hits([group(hit("south", 1, NOON_MS + 3_600_000))], {"north": "北门"})
    told = capsys.readouterr().out
    assert "2 (2 cameras)" in told and "北门 north" in told
    assert ":00:05" in told, "the end of the visit to the north gate"


def test_where_she_was_last_seen_is_said_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    likely, possible = Confidence(Word.LIKELY, 0.9), Confidence(Word.POSSIBLE, 0.4)
    old = HitGroup("a", hit("north", 1, NOON_MS), (hit("south", 2, NOON_MS + 60_000),), confidence=likely)
    new = HitGroup("b", hit("west", 3, NOON_MS + 3_600_000), confidence=possible)
    show_hits([old, new], {"south": "南门"})
    assert "last seen: 南门 south" in capsys.readouterr().out
    show_hits([old, replace(new, confirmed=True)], {})
    assert "last seen: west" in capsys.readouterr().out
    show_hits([replace(new, confidence=Confidence(Word.WEAK, 0.1))], {})
    assert "last seen:" not in capsys.readouterr().out.splitlines()[-1], "of a weak hit nobody is sent anywhere"


def test_the_sheet_says_what_was_seen_instead_and_where_else() -> None:
    groups = [group(hit("south", 1, NOON_MS + 3_600_000))]
    sheet = Sheet([], groups, SightingFilter(), NOON_MS, "wang", "case 7", "store", names={"north": "北门"})
    html = render_report(sheet, lambda _: record("north", 1, RED, NOON_MS).picture)
    assert "✗ 上衣颜色：红" in html
    assert "上衣颜色 红 red" in html
    assert "同一人 same person, 2 cameras" in html and 'title="south ' in html
    assert ">北门<" in html
