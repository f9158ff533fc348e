"""The contact sheet is one file that needs nothing else."""

import re
from dataclasses import replace

import cv2
import numpy as np

from models.kinds import Kind
from pipeline.archive.contract import Hit, SightingFilter
from pipeline.search import Confidence, HitGroup, Word
from pipeline.sighting import Shot, Sighting, TrackletKey
from search_api.report import Sheet, Told, render_report

JPEG = cv2.imencode(".jpg", np.full((40, 20, 3), 99, np.uint8))[1].tobytes()


def _sheet(hits: int, reason: str = "case 7") -> Sheet:
    key = TrackletKey("东门", "s", 1)
    shot = Shot(1_777_608_001_000, (1.0, 2.0, 30.0, 60.0), 0.9, 0.5)
    seen = Sighting("ab" * 10, key, Kind.PERSON, "willow", 1_777_608_000_000, 1_777_608_004_000, shot, (768, 576), 20)
    photo = np.full((2000, 4000, 3), 128, np.uint8)
    found = [
        HitGroup(
            seen.id,
            Hit(n, 0.9 - n / 100, seen),
            (Hit(n, 0.5, seen),) * 6,
            0.8,
            Confidence(Word.LIKELY, 0.9),
            before=seen,
        )
        for n in range(1, hits + 1)
    ]
    photos = [(photo, (400.0, 200.0, 800.0, 1200.0))]
    return Sheet(photos, found, SightingFilter(), 1_777_700_000_000, "wang", reason, "store", 1234)


def test_everything_is_inside_the_file() -> None:
    html = render_report(_sheet(3), lambda _: JPEG)
    assert len(re.findall(r'<img src="data:image/jpeg;base64,', html)) == 4
    # of each hit four of its six other shots, and the neighbour before it
    assert len(re.findall(r'<img class="aside" src="data:image/jpeg;base64,', html)) == 3 * (4 + 1)
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    assert "<script" not in html
    assert html.count("东门") == 4  # three hits, and where the one meant was seen last
    assert "最后见于" in html and "最后见于" not in render_report(_sheet(0), lambda _: JPEG)
    assert ">0.890<" in html
    assert html.count(">很可能 <") == 4 and html.count("+2") == 3
    assert "1234 条" in html


def test_the_box_is_placed_in_percent_of_the_photo() -> None:
    html = render_report(_sheet(0), lambda _: JPEG)
    assert "left:10.0%;top:10.0%;width:10.0%;height:50.0%" in html


def test_a_large_photo_is_made_smaller() -> None:
    assert len(render_report(_sheet(0), lambda _: JPEG)) < 100_000


def test_text_of_people_is_escaped() -> None:
    html = render_report(_sheet(1, reason="<script>alert(1)</script>"), lambda _: JPEG)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_no_hits_says_so() -> None:
    assert "Nothing in the archive fits" in render_report(_sheet(0), lambda _: JPEG)


def test_words_and_why_a_hit_matched_are_told_in_both_languages() -> None:
    sheet = _sheet(1)
    group = sheet.groups[0]
    seen = replace(group.hit.sighting, attributes={"upper_colour": "black"})
    hit = Hit(1, 0.5, seen, {"upper_colour": "disagree", "not hat": "agree"})
    told = Told("红衣 <b>", "上衣颜色: 红", "upper colour: red")
    html = render_report(replace(sheet, groups=[replace(group, hit=hit)], words=told), lambda _: JPEG)
    assert "红衣 &lt;b&gt;" in html
    assert "上衣颜色: 红<br>" in html and ">upper colour: red<" in html
    assert "✗ 上衣颜色：黑" in html and ">upper colour: black<" in html
    assert "✓ 不要帽子" in html and ">no hat<" in html
