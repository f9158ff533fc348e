"""Phrasings of tests/golden/words.yaml: what they are understood as, by list."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from pipeline.words import Parse, Part, Place, parse

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 15, tzinfo=ZONE)
GOLDEN: Mapping[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "golden" / "words.yaml").read_text(encoding="utf-8")
)
LISTS = {name: phrases for name, phrases in GOLDEN.items() if name != "places"}
PLACES = tuple(
    Place(each, tuple(names), is_camera=group == "cameras")
    for group, named in GOLDEN["places"].items()
    for each, names in named.items()
)
IMPLIED = ("upper_length", "lower_length", "lower_kind")
RIGHT = 0.95
HELD = "held"  # lists that are only measured, by benchmarks/words.py: nothing is tuned to them


def parsed(text: str, now: datetime = NOW) -> Parse:
    return parse(text, now_ms=round(now.timestamp() * 1000), zone=ZONE, places=PLACES)


def moment(at_ms: int | None) -> str:
    return "" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%m%d%H%M")


def unknown_of(found: Parse, asked: str) -> list[Part]:
    """Return what is shown as not understood or not searched by; trimmings of notices and sizes only if asked for."""
    known = [part for part in found.unsearched if part.says not in ("notice", "state") or f"?={part.text}" in asked]
    return [*found.unknown, *known]


def said_of(text: str, asked: str) -> frozenset[str]:
    """Say what a text was understood as, in the words of the list."""
    found = parsed(text)
    said = {f"k={found.kind}"} if found.kind is not None else set()
    for sign, values in (("", found.wanted), ("!", found.without)):
        for name, chosen in values.items():
            if name not in IMPLIED or f"{sign}{name}=" in asked:
                said |= {f"{sign}{name}={value}" for value in chosen}
    if found.from_ms is not None or found.to_ms is not None:
        said.add(f"t={moment(found.from_ms)}-{moment(found.to_ms)}")
    said |= {f"p={place}" for place in (*found.cameras, *found.communities)}
    for sign, parts in (("?", unknown_of(found, asked)), ("x", found.refused)):
        said |= {f"{sign}={word}" for part in parts for word in part.text.lower().split()}
    return frozenset(said | ({f"plate={found.plate}"} if found.plate else set()))


def meant(meaning: str) -> frozenset[str]:
    """Return what the list says a text means, one value each."""
    pairs = (each.split("=") for each in meaning.split())
    return frozenset(
        f"{name}={value}" for name, values in pairs for value in re.split("[+_]" if name in "?x" else "[+]", values)
    )


def wrong_in(phrases: Mapping[str, str]) -> dict[str, tuple[list[str], list[str]]]:
    """Return what was said too much and what was missed, by phrasing."""
    both = {text: (said_of(text, meaning), meant(meaning)) for text, meaning in phrases.items()}
    return {text: (sorted(said - right), sorted(right - said)) for text, (said, right) in both.items() if said != right}


@pytest.mark.parametrize("name", [name for name in LISTS if not name.startswith(HELD)])
def test_phrasings(name: str) -> None:
    wrong = wrong_in(LISTS[name])
    assert len(wrong) <= (1 - RIGHT) * len(LISTS[name]), wrong


def test_the_list_is_long_enough() -> None:
    assert len(LISTS["zh"]) + len(LISTS["en"]) >= 150
