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
_SURE = 3  # as many Chinese characters are a name wherever they stand in it
_LATIN_LEAST = 3


class Names:
    """The names of a site, looked up many times for one text."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._all = "\n" + "".join(f"{normalised(name)}\n" for place in places for name in (place.id, *place.names))

    def reach(self, text: str, start: int) -> int:
        """Return how many characters of a normalised text, from a place on, are a name or a part of one; 0 if none."""
        length = 0
        while start + length < len(text) and text[start + length] != "\n":
            if text[start : start + length + 1] not in self._all:
                break
            length += 1
        while length and not self._is_part(text, start, length):
            length -= 1
        return length

    def named(self, text: str) -> list[Place]:
        """Return the places with exactly this normalised name, else all that have it in a name."""
        spelled = [(place, [normalised(name) for name in (place.id, *place.names)]) for place in self._places]
        whole = [place for place, names in spelled if text in names]
        return whole or [place for place, names in spelled if any(text in name for name in names)]

    def _is_part(self, text: str, start: int, length: int) -> bool:
        part = text[start : start + length]
        if part.strip() != part or part in _GENERIC:
            return False
        if part.isascii():
            before, after = text[start - 1 : start], text[start + length : start + length + 1]
            alone = not (_is_latin(before) or _is_latin(after))
            return alone and (self._is_whole(part) or _says_enough(part))
        return length >= _SURE or (length > 1 and self._is_at_seam(part)) or self._is_whole(part)

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
