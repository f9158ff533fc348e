"""Names of a site in a text: the same as a plain look through all of them, and joined once for a site."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.words import Place, parse
from pipeline.words.names import Names, names_of

ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = round(datetime(2026, 11, 24, 15, tzinfo=ZONE).timestamp() * 1000)
letters = st.text(alphabet="东西门号小区13ab ", min_size=1, max_size=6).map(str.strip).filter(bool)
some_names = st.lists(letters, min_size=1, max_size=6)


def places_of(*names: str) -> tuple[Place, ...]:
    return tuple(Place(f"camera{n}", (name,), is_camera=True) for n, name in enumerate(names))


@settings(deadline=None)
@given(some_names, letters)
def test_the_longest_part_shared_with_any_name(names: list[str], text: str) -> None:
    known = Names(places_of(*names))
    shared, ends = known._shared(text, 0)
    names = [*names, *(f"camera{n}" for n in range(len(names)))]
    if " " not in text:
        every = [text[:n] for n in range(1, len(text) + 1) if any(text[:n] in name for name in names)]
        assert shared == max(every, key=len, default="")
        assert ends == list(range(1, len(shared) + 1))
    assert not shared or any(shared in name for name in names)


@settings(deadline=None)
@given(some_names, st.integers(0, 5))
def test_a_whole_name_is_found(names: list[str], which: int) -> None:
    known = Names(places_of(*names))
    name = names[which % len(names)]
    assert f"camera{names.index(name)}" in [place.id for place in known.named(name)]


def test_east_gate_and_east_gate_one() -> None:
    places = places_of("东门", "东门1号", "东门2号")
    for text, cameras in (
        ("东门1号 昨天", ("camera1",)),
        ("昨天东门2号红衣", ("camera2",)),
        ("东门", ("camera0",)),
        ("东门附近", ("camera0",)),
    ):
        assert parse(text, now_ms=NOW_MS, zone=ZONE, places=places).cameras == cameras
    both = places_of("东门1号", "东门2号", "西门")
    assert parse("东门", now_ms=NOW_MS, zone=ZONE, places=both).cameras == ("camera0", "camera1")


def test_the_names_of_a_site_are_joined_once_and_few_sites_are_kept() -> None:
    places = places_of("东门")
    first = names_of(places)
    assert names_of(places) is first
    others = [places_of(f"西门{n}") for n in range(8)]
    for other in others:
        assert names_of(other).named("西门")
    assert names_of(places) is not first
    assert names_of(list(places)) is not names_of(list(places))  # a list may have changed meanwhile
