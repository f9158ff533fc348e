"""Words to filters: how many phrasings of tests/golden/words.txt are understood rightly, and how long one takes.

Writes benchmarks/results/words.json.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent
LIST = ROOT.parent / "tests" / "unit" / "test_words.py"
ROUNDS = 5


def load_list() -> ModuleType:
    spec = importlib.util.spec_from_file_location("words_list", LIST)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(_argv: list[str]) -> int:
    """Measure and write; return 0."""
    words = load_list()
    right = {"zh": [0, 0], "en": [0, 0]}
    for text, meaning in words.PHRASES:
        counted = right["en" if text.isascii() else "zh"]
        counted[0] += words.summary(words.parsed(text), meaning) == words.expected(meaning)
        counted[1] += 1
    began = time.perf_counter()
    for _ in range(ROUNDS):
        for text, _ in words.PHRASES:
            words.parsed(text)
    each_us = (time.perf_counter() - began) / ROUNDS / len(words.PHRASES) * 1e6
    result = {
        "right": {language: f"{good} of {count}" for language, (good, count) in right.items()},
        "microseconds_a_phrase": round(each_us),
    }
    (ROOT / "results" / "words.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
