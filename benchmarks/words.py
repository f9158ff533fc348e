"""Words to filters: how many phrasings are understood rightly, by list, language and field, and how long one takes.

The lists are tests/golden/words.yaml, words.txt and words_voices.yaml, all of which have been looked at while the words
were written but held_* of the first, and words_unseen.yaml, of which nobody has seen what the parser makes. Strict
counts what is shown as not understood too, soft only looks, time, place and what is refused. Writes
benchmarks/results/words.json.
"""

import importlib.util
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

from pipeline.words import Place, parse
from pipeline.words.names import Names

ROOT = Path(__file__).resolve().parent
TESTS = ROOT.parent / "tests" / "unit"
ROUNDS = 5
COUNTY = 10_000  # cameras with names
NOTICE = 2000
FIELDS = {"k": "kind", "t": "time", "p": "place", "?": "unknown", "x": "refused", "plate": "plate"}


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def field_of(said: str) -> str:
    return FIELDS.get(said.split("=", maxsplit=1)[0], "without" if said.startswith("!") else "attributes")


def by_field(golden: ModuleType) -> dict[str, str]:
    """Of the phrasings in which the list names a field, or the parse does, those in which both name the same."""
    right: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for phrases in golden.LISTS.values():
        for text, meaning in phrases.items():
            said, meant = golden.said_of(text, meaning), golden.meant(meaning)
            for name in {field_of(each) for each in said | meant}:
                named[name] += 1
                right[name] += not [each for each in said ^ meant if field_of(each) == name]
    return {name: f"{right[name]} of {named[name]}" for name in sorted(named)}


def by_list(golden: ModuleType, older: ModuleType) -> dict[str, str]:
    scores = {
        name: f"{len(phrases) - len(golden.wrong_in(phrases))} of {len(phrases)}"
        for name, phrases in golden.LISTS.items()
    }
    good = sum(older.summary(older.parsed(text), meaning) == older.expected(meaning) for text, meaning in older.PHRASES)
    return {**scores, "words.txt": f"{good} of {len(older.PHRASES)}"}


def strict_and_soft(voices: ModuleType, lists: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Count what is right of each list and of all, strictly and without regard to what is shown."""
    found = {
        name: [voices.judged(text, meaning) for text, meaning in phrases.items()] for name, phrases in lists.items()
    }
    found["all"] = [each for judged in found.values() for each in judged]
    return {
        name: f"{sum(each.is_right for each in judged)} and {sum(not each.said for each in judged)} of {len(judged)}"
        for name, judged in found.items()
    }


def microseconds(texts: Iterable[str], places: tuple[Place, ...], golden: ModuleType) -> int:
    """Mean time of one phrase."""
    chosen = list(texts)
    now_ms = round(golden.NOW.timestamp() * 1000)
    parse(chosen[0], now_ms=now_ms, zone=golden.ZONE, places=places)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        for text in chosen:
            parse(text, now_ms=now_ms, zone=golden.ZONE, places=places)
    return round((time.perf_counter() - began) / ROUNDS / len(chosen) * 1e6)


def microseconds_to_join(places: tuple[Place, ...]) -> int:
    began = time.perf_counter()
    Names(places)
    return round((time.perf_counter() - began) * 1e6)


def notice(voices: ModuleType) -> str:
    """Return notices one after the other, as somebody pastes them."""
    return ("".join(voices.LEARNED["notice"]) * 2)[:NOTICE]


def main(_argv: list[str]) -> int:
    """Measure and write; return 0."""
    golden, older, voices = loaded("test_words_golden"), loaded("test_words"), loaded("test_words_voices")
    lists: Mapping[str, Mapping[str, str]] = golden.LISTS
    texts = [text for phrases in lists.values() for text in phrases]
    county = tuple(Place(f"c{n}", (f"{n // 40}号小区{n % 40}号门",), is_camera=True) for n in range(COUNTY))
    result = {
        "right": by_list(golden, older),
        "voices_strict_and_soft": strict_and_soft(voices, voices.LEARNED),
        "unseen_strict_and_soft": strict_and_soft(voices, voices.UNSEEN),
        "callers_strict_and_soft": strict_and_soft(voices, voices.CALLERS),
        "by_field": by_field(golden),
        "microseconds_a_phrase": microseconds(texts, golden.PLACES, golden),
        f"microseconds_a_phrase_{COUNTY}_cameras": microseconds(texts[:60], county, golden),
        f"microseconds_to_join_the_names_of_{COUNTY}_cameras": microseconds_to_join(county),
        f"microseconds_a_notice_of_{NOTICE}_characters": microseconds([notice(voices)], golden.PLACES, golden),
    }
    (ROOT / "results" / "words.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
