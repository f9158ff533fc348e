"""Names of the site's cameras and communities in a text: whole ones, and parts that people say for them."""

from collections.abc import Sequence

from pipeline.words.meaning import Place
from pipeline.words.spelling import normalised

# Words of so many names that they name nothing.
_GENERIC = frozenset({"小区", "社区", "街道", "花园", "camera", "cam", "gate", "community", "the", "and", "garden"}) | {
    "court",
    "road",
    "street",
}
# After these a new part of a Chinese name begins: 魏塘街道 | 东门小区.
_SEAMS = frozenset("\n县市区镇乡道路街村苑园幢栋楼号门库层侧- ")
# Two characters from the middle of a name that people say for all of it: 车库 for 地下车库入口.
_NOUNS = frozenset(
    ["车库", "电梯", "大厅", "大堂", "大门", "侧门", "前门", "后门", "正门", "门岗", "岗亭", "楼道", "楼梯"]
) | {
    *("走廊", "通道", "天台", "食堂", "超市", "广场", "泳池", "球场", "操场", "凉亭", "驿站", "车棚", "入口", "出口"),
    *("东门", "西门", "南门", "北门", "中门", "车站", "医院", "学校", "公园", "商场", "会所", "地库", "卡口", "岗楼"),
}
_SURE = 3  # as many Chinese characters are a name wherever they stand in it
_LATIN_LEAST = 3


class Names:
    """The names of a site, looked up many times for one text."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._all = "\n" + "".join(f"{normalised(name)}\n" for place in places for name in (place.id, *place.names))

    def reach(self, text: str, start: int) -> tuple[int, str]:
        """Return where a name or a part of one that begins at a place of a normalised text ends, and that name.

        The name is empty if there is none; a space between a number and a Chinese word is not in it: `3 号门`.
        """
        name, end = "", start
        ends: list[int] = []
        while end < len(text) and text[end] != "\n":
            if name + text[end] in self._all:
                name += text[end]
                ends.append(end + 1)
            elif not (text[end] == " " and name and name[-1].isascii() != text[end + 1 : end + 2].isascii()):
                break
            end += 1
        while name and not self._is_part(name, text[start - 1 : start], text[ends[-1] : ends[-1] + 1]):
            name = name[:-1]
            ends.pop()
        return (ends[-1] if ends else start), name

    def named(self, text: str) -> list[Place]:
        """Return the places with exactly this normalised name, else all that have it in a name."""
        spelled = [(place, [normalised(name) for name in (place.id, *place.names)]) for place in self._places]
        whole = [place for place, names in spelled if text in names]
        return whole or [place for place, names in spelled if any(text in name for name in names)]

    def _is_part(self, part: str, before: str, after: str) -> bool:
        if part.strip() != part or part in _GENERIC:
            return False
        if part.isascii():
            alone = not (_is_latin(before) or _is_latin(after))
            return alone and (self._is_whole(part) or _says_enough(part))
        is_short_name = len(part) > 1 and (part in _NOUNS or self._is_at_seam(part))
        return len(part) >= _SURE or is_short_name or self._is_whole(part)

    def _is_whole(self, part: str) -> bool:
        return f"\n{part}\n" in self._all

    def _is_at_seam(self, part: str) -> bool:
        """Tell whether two characters begin or end a part of a name: not 下车 of 地下车库."""
        at = self._all.find(part)
        while at >= 0:
            if self._all[at - 1] in _SEAMS or self._all[at + len(part)] == "\n":
                return True
            at = self._all.find(part, at + 1)
        return False


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _says_enough(part: str) -> bool:
    return len(part) >= _LATIN_LEAST and any(character.isalpha() for character in part)
