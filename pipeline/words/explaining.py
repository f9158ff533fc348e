"""A parse as one line people can check, Chinese or English."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from pipeline.words.meaning import Parse
from pipeline.words.vocabulary import labels

MOST_PLACES = 5


def explain(parse: Parse, language: str, zone: tzinfo, names: Mapping[str, str] | None = None) -> str:
    """Return one line; `language` is zh or en, `names` what cameras and communities are called, by id."""
    label = labels()[language]
    said = [f"{label['kind']}: {_word(parse.kind.value, language)}"] if parse.kind is not None else []
    said += _listed(parse.wanted, language, "")
    said += _listed(parse.without, language, f"{label['not']} ")
    if parse.from_ms is not None or parse.to_ms is not None:
        said.append(f"{label['time']}: {_moment(parse.from_ms, zone)} – {_moment(parse.to_ms, zone)}")
    if parse.cameras or parse.communities:
        said.append(f"{label['where']}: {_places((*parse.communities, *parse.cameras), language, names or {})}")
    if parse.plate:
        said.append(f"{label['plate']}: {parse.plate}")
    if parse.unknown:
        said.append(f"{label['unknown']}: {' '.join(part.text for part in parse.unknown)}")
    if parse.unsearched:
        said.append(f"{label['unsearched']}: {' '.join(part.text for part in parse.unsearched)}")
    if parse.refused:
        said.append(f"{label['refused']}: {' '.join(part.text for part in parse.refused)}")
    return " · ".join(said)


def _places(ids: Sequence[str], language: str, names: Mapping[str, str]) -> str:
    told = labels()[language]["or"].join(names.get(each) or each for each in ids[:MOST_PLACES])
    left_out = len(ids) - MOST_PLACES
    if left_out <= 0:
        return told
    return told + (f" 等 {len(ids)} 处" if language == "zh" else f" and {left_out} more")


def _listed(values: Mapping[str, frozenset[str]], language: str, before: str) -> list[str]:
    return [_one(name, chosen, language, before) for name, chosen in values.items()]


def _one(name: str, chosen: frozenset[str], language: str, before: str) -> str:
    label = labels()[language]
    if before and chosen == {"yes"}:
        return f"{label['none']} {_word(name, language)}"
    return f"{before}{_word(name, language)}: {label['or'].join(_word(value, language) for value in sorted(chosen))}"


def _word(word: str, language: str) -> str:
    return in_chinese(word) if language == "zh" else word.replace("_", " ")


def in_chinese(word: str) -> str:
    """Return the Chinese for the name or the value of an attribute, the word itself where there is none."""
    return labels()["values_zh"].get(word, word)


def _moment(at_ms: int | None, zone: tzinfo) -> str:
    return "…" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M}"
