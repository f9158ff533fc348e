"""Binds colours to what they are the colour of, and negations to what is not wanted.

In a clause a colour goes to the garment after it (`red coat, black trousers`, 红色上衣黑裤子), unless the clause begins
with a garment: then it goes to the one before it (`coat red`, 上身红下身黑).
"""

from collections.abc import Sequence

from models.kinds import Kind
from pipeline.words.meaning import Role
from pipeline.words.reading import Token

Values = dict[str, set[str]]
_THINGS = ("mask", "glasses", "cane", "wheelchair", "pushchair", "dog", "phone", "beard", "hair")
_CLOTHES = ("upper_", "lower_", "any_", "hat", "bag", "shoe", "scarf", "umbrella", "mask", "glasses")
# Verbs that turn to another thing: `in white carrying a brown bag`.
_TURNS = frozenset(["carrying", "holding", "with", "wearing", "riding", "pushing"]) | frozenset(
    ["背", "背着", "拎", "拎着", "戴", "戴着", "提着", "拿着", "骑", "骑着", "推着", "打着", "撑着", "穿", "穿着"]
)
_PLATES = frozenset(["牌照", "车牌", "号牌", "车牌号", "plate", "plates"])  # `no plate` says nothing of what comes next
_SAYS_NOTHING = {Role.FILLER, Role.SHADE, Role.OR, Role.NEGATION}
_VEHICLE_SLOT = "colour"
_ANY = "any_colour"


class Binder:
    """Takes the tokens of one text in order."""

    def __init__(self) -> None:
        self.wanted: Values = {}
        self.without: Values = {}
        self.kind: Kind | None = None
        self.said: dict[int, str] = {}
        self._place = -1
        self._colours: list[str] = []
        self._garment: str | None = None  # slots of the last garment that has no colour yet
        self._default = ""
        self._garment_first: bool | None = None
        self._negated = False
        self._vehicle: Values = {}
        self._is_person = False

    def take(self, token: Token, rest: Sequence[Token]) -> None:
        """Take the next token; `rest` is what comes after it."""
        self._place += 1
        if token.role is Role.BREAK:
            self._end_clause()
        elif token.role is Role.NEGATION:
            self._negated = True
        elif token.role is Role.UNKNOWN or token.text in _PLATES:
            self._negated = False
        elif token.text in _TURNS and self._colours and self._garment is None:
            self._bind(_ANY, self._colours)
            self._colours = []
        elif token.role is Role.COLOUR:
            self._colour(token.value, rest)
        elif token.role is Role.GARMENT:
            self._take_garment(token)
        elif token.role in (Role.ATTRIBUTE, Role.WHO):
            self._take_attribute(token)
        elif token.role is Role.VEHICLE:
            self._take_vehicle(token)

    def finish(self) -> None:
        """Say what the last clause left open, and whether a person or a vehicle is looked for."""
        self._end_clause()
        if any(name.startswith(_CLOTHES) for name in (*self.wanted, *self.without)):
            self._is_person = True
        if self._is_person:
            self.kind = Kind.PERSON
        for name, values in self._vehicle.items():
            self.wanted[{"colour": "vehicle_colour", "type": "vehicle"}[name] if self._is_person else name] = values

    def _colour(self, value: str, rest: Sequence[Token]) -> None:
        if self._garment_first is None:
            self._garment_first = False
        takes_it = self._garment_first and not self._default  # jeans are blue: what follows is of the next garment
        belongs_before = self._garment is not None and (takes_it or not _garment_follows(rest))
        if belongs_before and self._garment is not None:
            self._bind(self._garment, [value])
            if not _more_colours(rest):
                self._garment, self._default = None, ""
        else:
            self._colours.append(value)

    def _take_garment(self, token: Token) -> None:
        if self._garment_first is None:
            self._garment_first = not self._colours
        self._settle_garment()
        word = token.word
        if self._negated and not self._colours:
            self._take_negated(token)
            return
        for says in word.implies if word is not None and not self._negated else ():
            self._put(*says.split("=", 1))
        if self._colours:
            self._bind(token.value, self._colours)
            self._colours = []
        else:
            self._garment, self._default = token.value, word.colour if word is not None else ""

    def _take_negated(self, token: Token) -> None:
        """`no hat` means none; `no jeans` not blue ones; of other clothes the colour that follows is not wanted."""
        word = token.word
        things = [says for says in (word.implies if word is not None else ()) if says.endswith("=yes")]
        for says in things:
            self._put(*says.split("=", 1))
        if word is not None and word.colour:
            self._bind(token.value, [word.colour])
        elif not things:
            self._garment = token.value
            return
        self._negated = False

    def _take_attribute(self, token: Token) -> None:
        for says in token.value.split("+"):
            name, value = says.split("=")
            if token.role is Role.WHO:
                self._is_person = True
                if self._garment == _VEHICLE_SLOT:  # `the man on a bike, red hat`
                    self._garment, self._garment_first = None, False
            if name == "kind":
                continue
            if name in _THINGS and self._colours:
                self._bind(f"{name}_colour", self._colours)
                self._colours = []
            self._put(name, value)
        self._negated = False

    def _take_vehicle(self, token: Token) -> None:
        kind, _, more = token.value.partition("+")
        self.kind = Kind(kind)
        if more:
            self._put(*more.split("=", 1))
        if self._garment_first is None:
            self._garment_first = not self._colours
        self._settle_garment()
        if self._colours:
            self._bind(_VEHICLE_SLOT, self._colours)
            self._colours = []
        else:
            self._garment = _VEHICLE_SLOT

    def _bind(self, slots: str, colours: Sequence[str]) -> None:
        for slot in slots.split("+"):
            for colour in colours:
                for value in colour.split("|"):
                    self._put(slot, value)
        self._negated = False

    def _put(self, name: str, value: str) -> None:
        into = self.without if self._negated else self._vehicle if name in ("colour", "type") else self.wanted
        into.setdefault(name, set()).add(value)
        self.said[self._place] = "+".join(
            filter(None, (self.said.get(self._place), f"{'not ' if self._negated else ''}{name}={value}"))
        )

    def _settle_garment(self) -> None:
        """A garment that never got a colour has its own, if it has one."""
        if self._garment is not None and self._default and not self._negated:
            self._bind(self._garment, [self._default])
        self._garment, self._default = None, ""

    def _end_clause(self) -> None:
        if self._colours:
            self._bind(self._garment or _ANY, self._colours)
            self._colours, self._garment, self._default = [], None, ""
        self._settle_garment()
        self._garment_first = None
        self._negated = False


def _garment_follows(rest: Sequence[Token]) -> bool:
    """Tell whether the next thing that says something in this clause can have a colour."""
    for token in rest:
        if token.role is Role.BREAK:
            return False
        if token.role in (Role.GARMENT, Role.VEHICLE):
            return True
        if token.role not in _SAYS_NOTHING | {Role.COLOUR}:
            return False
    return False


def _more_colours(rest: Sequence[Token]) -> bool:
    """Tell whether another colour of the same thing follows, at once or after `or`."""
    either = False
    for place, token in enumerate(rest):
        if token.role is Role.COLOUR:
            return either or not _garment_follows(rest[place + 1 :])
        either = either or token.role is Role.OR
        if token.role not in (Role.OR, Role.SHADE) and token.text not in ("和", "and", "与"):
            return False
    return False
