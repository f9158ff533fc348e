"""Names of the site's cameras and communities in a text: whole ones, and parts that people say for them."""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock

from pipeline.words.meaning import Place
from pipeline.words.spelling import normalised

# Words of so many names that they name nothing.
_GENERIC = frozenset({"小区", "社区", "街道", "花园", "camera", "cam", "gate", "community", "the", "and", "garden"}) | {
    "court",
    "road",
    "street",
}
# After these a new part of a Chinese name begins: 魏塘街道 | 东门小区.
_SEAMS = frozenset("县市区镇乡道路街村苑园幢栋楼号门库层侧- ")
# Two characters from the middle of a name that people say for all of it: 车库 for 地下车库入口.
_NOUNS = frozenset(
    ["车库", "电梯", "大厅", "大堂", "大门", "侧门", "前门", "后门", "正门", "门岗", "岗亭", "楼道", "楼梯"]
) | {
    *("走廊", "通道", "天台", "食堂", "超市", "广场", "泳池", "球场", "操场", "凉亭", "驿站", "车棚", "入口", "出口"),
    *("东门", "西门", "南门", "北门", "中门", "车站", "医院", "学校", "公园", "商场", "会所", "地库", "卡口", "岗楼"),
}
_SURE = 3  # as many Chinese characters are a name wherever they stand in it
_LATIN_LEAST = 3
_KEPT = 4  # sites whose names are kept: a process has one, tests a few


class Names:
    """The names of a site, looked up many times for one text and kept from one text to the next."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._spelled = [(normalised(name), place) for place in places for name in (place.id, *place.names)]
        names = {name for name, _ in self._spelled}
        # Every end of a name, sorted: what a text shares with a part of any name, it shares with a neighbour here.
        self._ends = sorted({name[at:] for name in names for at in range(len(name))})
        self._starts = frozenset(end[0] for end in self._ends)
        self._longest = max(map(len, names), default=0)
        self._whole: dict[str, dict[str, Place]] = {}
        for name, place in self._spelled:
            self._whole.setdefault(name, {})[f"{place.is_camera}{place.id}"] = place
        self._at_seams = frozenset(pair for name in names for pair in _pairs_at_seams(name))

    def reach(self, text: str, start: int) -> tuple[int, str]:
        """Return where a name or a part of one that begins at a place of a normalised text ends, and that name.

        The name is empty if there is none; a space between a number and a Chinese word is not in it: `3 号门`.
        """
        if text[start] not in self._starts:
            return start, ""
        name, ends = self._shared(text, start)
        while name and not self._is_part(name, text[start - 1 : start], text[ends[-1] : ends[-1] + 1]):
            name = name[:-1]
            ends.pop()
        return (ends[-1] if ends else start), name

    def has(self, text: str) -> bool:
        """Tell whether a normalised text is a name or a part of one."""
        return self._length_shared(text) == len(text)

    def named(self, text: str) -> list[Place]:
        """Return the places with exactly this normalised name, else all that have it in a name."""
        whole = self._whole.get(text)
        if whole is not None:
            return list(whole.values())
        return list({(place.is_camera, place.id): place for name, place in self._spelled if text in name}.values())

    def _shared(self, text: str, start: int) -> tuple[str, list[int]]:
        """Return the longest piece of a text from a place on that is in a name, and where each character ends."""
        piece = text[start : start + 2 * self._longest]
        ends = list(range(start + 1, start + 1 + len(piece)))
        while True:
            length = self._length_shared(piece)
            at_space = 0 < length < len(piece) - 1 and piece[length] == " "
            if not at_space or piece[length - 1].isascii() == piece[length + 1].isascii():
                return piece[:length], ends[:length]
            piece = piece[:length] + piece[length + 1 :]
            del ends[length]

    def _length_shared(self, piece: str) -> int:
        at = bisect_left(self._ends, piece)
        return max((_same(piece, near) for near in self._ends[max(0, at - 1) : at + 1]), default=0)

    def _is_part(self, part: str, before: str, after: str) -> bool:
        if part.strip() != part or part in _GENERIC:
            return False
        if part.isascii():
            alone = not (_is_latin(before) or _is_latin(after))
            return alone and (part in self._whole or _says_enough(part))
        is_short_name = len(part) > 1 and (part in _NOUNS or part in self._at_seams)
        return len(part) >= _SURE or is_short_name or part in self._whole


class _Kept:
    """The names of the sites asked for last; safe to use from many threads."""

    def __init__(self) -> None:
        self._names: OrderedDict[int, tuple[Sequence[Place], Names]] = OrderedDict()
        self._lock = Lock()

    def of(self, places: tuple[Place, ...]) -> Names:
        with self._lock:
            found = self._names.get(id(places))
            if found is not None:  # the places are kept too, so that no other tuple can have their identity
                self._names.move_to_end(id(places))
                return found[1]
        names = Names(places)
        with self._lock:
            self._names[id(places)] = places, names
            while len(self._names) > _KEPT:
                self._names.popitem(last=False)
        return names


_KEPT_NAMES = _Kept()


def names_of(places: Sequence[Place]) -> Names:
    """Return the names of places; those of the same tuple are joined once only."""
    return _KEPT_NAMES.of(places) if isinstance(places, tuple) else Names(places)


def _pairs_at_seams(name: str) -> Iterator[str]:
    """Yield the pairs of characters that begin or end a part of a name: 下车 of 地下车库 is none."""
    for at in range(len(name) - 1):
        if at == 0 or name[at - 1] in _SEAMS or at + 2 == len(name):
            yield name[at : at + 2]


def _same(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _says_enough(part: str) -> bool:
    return len(part) >= _LATIN_LEAST and any(character.isalpha() for character in part)
