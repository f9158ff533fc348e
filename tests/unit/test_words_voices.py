"""Phrasings of tests/golden/words_voices.yaml, in the voices of those who type them: what they are understood as."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from pipeline.words import Parse, Place, parse

GOLDEN = Path(__file__).parents[1] / "golden"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 15, tzinfo=ZONE)
PLACES = tuple(
    Place(each, tuple(names), is_camera=group == "cameras")
    for group, named in yaml.safe_load((GOLDEN / "words.yaml").read_text("utf-8"))["places"].items()
    for each, names in named.items()
)
LEARNED: Mapping[str, Mapping[str, str]] = yaml.safe_load((GOLDEN / "words_voices.yaml").read_text("utf-8"))
UNSEEN: Mapping[str, Mapping[str, str]] = yaml.safe_load((GOLDEN / "words_unseen.yaml").read_text("utf-8"))
CALLERS: Mapping[str, Mapping[str, str]] = yaml.safe_load((GOLDEN / "words_callers.yaml").read_text("utf-8"))
IMPLIED = ("upper_length", "lower_length", "lower_kind")
RIGHT = 0.95
HELD = "held"  # lists of callers that nothing is learned from
HELD_RIGHT = 33  # of 40: only that it gets no worse; which are missed is not shown


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said too much and too little of looks, time and place, and what was shown too much and too little."""

    said: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not (self.said or self.shown)


def judged(text: str, meaning: str) -> Judged:
    """Compare a parse with what the list says a text means."""
    found = parse(text, now_ms=round(NOW.timestamp() * 1000), zone=ZONE, places=PLACES)
    pairs = [pair.partition("=")[::2] for pair in meaning.split()]
    meant = {f"{name}={each}" for name, values in pairs if name not in "?~x" for each in values_of(name, values)}
    asked, optional, refused = ([squashed(value) for name, value in pairs if name == sign] for sign in "?~x")
    unknown = [squashed(part.text) for part in found.unknown]
    known = unknown + [squashed(part.text) for part in found.unsearched]
    never = [squashed(part.text) for part in found.refused]
    said = {f"+{each}" for each in said_by(found, meaning) - meant} | {
        f"-{each}" for each in meant - said_by(found, meaning)
    }
    said |= {f"+x={each}" for each in never if not overlaps(each, refused)}
    said |= {f"-x={each}" for each in refused if not overlaps(each, never)}
    shown = {f"+{each}" for each in unknown if each and not overlaps(each, asked + optional)}
    shown |= {f"-{each}" for each in asked if not overlaps(each, known)}
    return Judged(tuple(sorted(said)), tuple(sorted(shown)))


def values_of(name: str, values: str) -> list[str]:
    return [values] if name == "plate" else values.split("+")


def said_by(found: Parse, meaning: str) -> set[str]:
    said = {f"k={found.kind}"} if found.kind is not None else set()
    for sign, values in (("", found.wanted), ("!", found.without)):
        for name, chosen in values.items():
            if name not in IMPLIED or f"{sign}{name}=" in meaning:
                said |= {f"{sign}{name}={value}" for value in chosen}
    if found.from_ms is not None or found.to_ms is not None:
        said.add(f"t={moment(found.from_ms)}-{moment(found.to_ms)}")
    said |= {f"p={place}" for place in (*found.cameras, *found.communities)}
    return said | ({f"plate={found.plate}"} if found.plate else set())


def moment(at_ms: int | None) -> str:
    return "" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%m%d%H%M")


def squashed(text: str) -> str:
    return re.sub(r"[\s_，。、,.;:：；]", "", text).lower()


def overlaps(text: str, others: Sequence[str]) -> bool:
    return any(text in other or other in text for other in others if other)


@pytest.mark.parametrize("voice", LEARNED)
def test_phrasings(voice: str) -> None:
    results = {text: judged(text, meaning) for text, meaning in LEARNED[voice].items()}
    wrong = {text: result for text, result in results.items() if not result.is_right}
    assert len(wrong) <= (1 - RIGHT) * len(results), wrong


@pytest.mark.parametrize("name", [name for name in CALLERS if not name.startswith(HELD)])
def test_callers(name: str) -> None:
    results = {text: judged(text, meaning) for text, meaning in CALLERS[name].items()}
    wrong = {text: result for text, result in results.items() if not result.is_right}
    assert len(wrong) <= (1 - RIGHT) * len(results), wrong


def test_callers_kept_back_are_understood_no_worse() -> None:
    held = [phrase for name, phrases in CALLERS.items() if name.startswith(HELD) for phrase in phrases.items()]
    right = sum(judged(text, meaning).is_right for text, meaning in held)
    assert len(held) == 40
    assert right >= HELD_RIGHT


def test_the_lists_are_long_enough_and_share_nothing() -> None:
    learned = {text for phrases in LEARNED.values() for text in phrases}
    unseen = {text for phrases in UNSEEN.values() for text in phrases}
    assert len(learned) >= 350
    assert len(unseen) >= 40
    assert not learned & unseen
