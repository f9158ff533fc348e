"""Binds colours to what they are the colour of, and negations to what is not wanted.

In a clause a colour goes to the garment after it (`red coat, black trousers`, 红色上衣黑裤子), unless the clause begins
with a garment and ends with a colour: then it goes to the one before it (`coat red`, 上身红下身黑).
"""

from collections.abc import Sequence

from models.kinds import Kind
from pipeline.words.lookahead import (
    ALL,
    AND,
    IS,
    NONE,
    OF_THE_THING,
    PERHAPS,
    TURNS,
    WEARS,
    colour_next,
    denied_after,
    ends_with_colour,
    garment_follows,
    list_goes_on,
    more_colours,
    thing_follows,
)
from pipeline.words.meaning import Role
from pipeline.words.tokens import Token
from pipeline.words.wishes import Wishes

_THINGS = ("mask", "glasses", "cane", "wheelchair", "pushchair", "dog", "phone", "beard")
_COLOURED_HAIR = ("long", "short", "curly")
_PLATES = frozenset(
    ["牌照", "车牌", "挂牌", "挂车牌", "挂牌照", "上牌", "号牌", "车牌号", "plate", "plates"]
)  # `no plate` says nothing of what comes next
_BUT = frozenset(["but", "而是", "但", "但是", "可是", "rather"])
_ONE = frozenset(["one", "ones"])
_BUT_IS = frozenset(["是", "就是", "应该是"])  # 不是红的是蓝的
_CLOTHES = frozenset(
    ["衣服", "衣", "衣物", "装", "打扮", "服装", "服饰", "clothes", "clothing", "outfit"]
)  # all of them after 一身
_SAYS_WHAT = frozenset({Role.GARMENT, Role.VEHICLE, Role.ATTRIBUTE, Role.WHO})
_WHOLE = "upper_colour+lower_colour"
_LENGTHS = {
    "upper_colour": "upper_length",
    "lower_colour": "lower_length",
    "hair_colour": "hair",
    _WHOLE: "lower_length",
}
_VEHICLE = "colour"
_ANY = "any_colour"
Colours = list[tuple[str, bool]]


class Binder(Wishes):
    """Takes the tokens of one text in order."""

    def __init__(self) -> None:
        super().__init__()
        self._colours: Colours = []  # whose thing has not come yet, and whether they are not wanted
        self._garment: str | None = None  # slots of the last garment that has no colour yet
        self._default = ""
        self._garment_end = 0
        self._last: str | None = None  # slots of the last garment of all
        self._garment_first: bool | None = None
        self._shade: tuple[int, str] | None = None
        self._is_material = False
        self._after_unknown = False
        self._bare: str | None = None  # slots of a garment of the clause before that got no colour
        self._only_colours = True
        self._length: tuple[int, str] | None = None
        self._was_negated = False
        self._denied: str | None = None  # slots of what got no colour but ones that are not wanted
        self._or_else = False  # an `or` came after a garment that has its colours
        self._near_thing = False  # nothing has come since the garment but words that say nothing
        self._thing_is = False  # 裤子是: the colour that comes is of it, whatever follows
        self._near_unknown = False
        self._near_one = ""  # slot of a cane, a wheelchair, a beard that has just come
        self._one_is = ""
        self._bare_one: str | None = None  # slot of one of the clause before that got no colour
        self._one_without_colour: str | None = None  # slot of one in this clause that has got no colour
        self._uncoloured: list[str] = []  # slots of all things of this clause that have got no colour
        self._all_bare: list[str] = []  # those of the clause before
        self._says_all = False  # the clause says something of all of them: 都是黑的
        self._denied_alone = False  # 不是红色那件: of what, the next clause says
        self._said_no = False  # the word before was a negation
        self._skips_no = False  # the negation that comes has been taken with the thing before it
        self._perhaps = False  # the clause says what else a colour may be
        self._wears = False  # the clause says what somebody is in
        self._drawn = False  # a pattern came after colours that have no garment yet
        self._unknown_is = False  # 篷子是: the colour that comes is of nothing that is searched by

    def take(self, token: Token, rest: Sequence[Token]) -> None:
        """Take the next token; `rest` is what comes after it."""
        self.place += 1
        if token.role in _SAYS_WHAT:
            self._only_colours = False
        self._note_is(token)
        self._perhaps = self._perhaps or token.role is Role.OR or token.text in PERHAPS
        self._wears = self._wears or token.text in WEARS
        self._says_all = self._says_all or token.text in ALL
        if self._can_be_denied(token) and denied_after(rest):
            self._deny()
        if token.role is Role.BREAK:
            if self._said_no and self._colours:  # 红的不是
                self._colours = [(colour, True) for colour, _ in self._colours]
                self.affirm(used=True)
            if not self._goes_on(token, rest):
                self._end_clause()
        elif token.role is Role.NEGATION or (self._skips_no and token.text in NONE):
            if not self._skips_no:
                self.negate()
            self._skips_no = False
        elif token.role is Role.UNKNOWN or token.text in _PLATES:
            self.affirm(used=True)
            self._after_unknown = bool(self._colours)
        elif token.role is Role.PLATE:
            self.kind = self.kind or Kind.MOTOR_VEHICLE
        else:
            self._take_word(token, rest)
        self._said_no = token.role is Role.NEGATION

    def _deny(self) -> None:
        """What comes is not wanted, or, where its colour has been said, that colour: 红帽子的不要."""
        if self._colours:
            self._colours = [(colour, True) for colour, _ in self._colours]
        else:
            self.negate()
        self._skips_no = True

    def _can_be_denied(self, token: Token) -> bool:
        implies = token.word.implies if token.word is not None else ()
        if self._colours and token.role in (Role.GARMENT, Role.VEHICLE):
            return True
        return token.role in (Role.GARMENT, Role.ATTRIBUTE) and (
            token.value.endswith("=yes") or any(says.endswith("=yes") for says in implies)
        )

    def _take_word(self, token: Token, rest: Sequence[Token]) -> None:
        if token.role in (Role.ATTRIBUTE, Role.WHO):
            self._take_attribute(token)
        elif token.role is Role.SHADE:
            self._shade = (self.place, token.word.colour if token.word is not None else "")
            self._is_material = token.value == "material"
        elif token.role in (Role.OR, Role.FILLER):
            self._take_small(token, rest)
        elif token.role is Role.LENGTH:
            self._take_length(token, rest)
        elif token.role is Role.COLOUR:
            self._take_colour(token, rest)
        elif token.role is Role.GARMENT:
            self._take_garment(token, rest)
        elif token.role is Role.VEHICLE:
            self._take_vehicle(token, rest)

    def _note_is(self, token: Token) -> None:
        if token.text in IS:
            self._thing_is = self._thing_is or (self._near_thing and self._garment is not None)
            self._unknown_is = self._unknown_is or self._near_unknown
            self._one_is = self._one_is or self._near_one
        elif token.text not in OF_THE_THING and token.role not in (Role.SHADE, Role.NEGATION, Role.OR, Role.COLOUR):
            self._near_thing = self._thing_is = self._unknown_is = False
            self._near_one = self._one_is = ""
            self._near_unknown = token.role is Role.UNKNOWN

    def _goes_on(self, comma: Token, rest: Sequence[Token]) -> bool:
        """Tell whether a comma only stands in a list: `red, white or pink coat`, `short, dark hair`."""
        if self._length is not None:
            return garment_follows(rest)
        return bool(self._colours) and self._garment is None and list_goes_on(comma, rest)

    def finish(self) -> None:
        """Say what the last clause left open, and whether a person or a vehicle is looked for."""
        self._end_clause()
        self.settle()

    def _take_small(self, token: Token, rest: Sequence[Token]) -> None:
        if token.role is Role.OR and not self._colours:
            self._or_else = self._last is not None
        if token.text in _BUT or (token.text in _BUT_IS and self.negated and self._colours):
            self.affirm(used=True)
        elif token.text in _ONE and self._colours and self._last is not None:  # `a red skirt or a pink one`
            self._bind(self._last)
        elif self._after_unknown and token.text in AND:  # `brown eyes and white hair`
            self._after_unknown = False
            self._bind(_ANY)
        elif token.text in TURNS and self._colours:
            bare = self._bare if self._only_colours and not self._wears else None  # `my e-bike! black with a red seat`
            self._bind(self._garment or bare or _ANY)
            self._garment, self._default = None, ""
        elif self._was_negated and (token.role is Role.OR or token.text in AND) and thing_follows(rest):
            self.negate()

    def _take_colour(self, token: Token, rest: Sequence[Token]) -> None:
        if self._unknown_is and not garment_follows(rest):
            self.unused.add(self.place)
            return
        if self._one_is and not garment_follows(rest):
            self._bind(self._one_is, [(token.value, self.negated)])
            self._one_without_colour = None
            return
        self._set_order(token, rest)
        self._shade = None
        if self._garment is not None and self._is_of_garment_before(token, rest):
            self._bind(self._all_of_them() or self._garment, [(token.value, self.negated)])
            more = colour_next(rest) if self._thing_is else more_colours(rest)
            if not more or (self._thing_is and token.text.endswith("的")):
                self._garment, self._default, self._thing_is = None, "", False
        else:
            self._colours.append((token.value, self.negated))

    def _all_of_them(self) -> str | None:
        """Return the slots of all clothes of this clause where a colour is said of all: 上衣裤子都是黑的."""
        clothes = [each for each in self._uncoloured if each.removesuffix("_colour") not in _THINGS]
        return "+".join(clothes) if self._says_all and len(clothes) > 1 else None

    def _set_order(self, token: Token, rest: Sequence[Token]) -> None:
        if self._garment_first is None:
            self._garment_first = token.role is not Role.COLOUR and not self._colours and ends_with_colour(rest)

    def _is_of_garment_before(self, token: Token, rest: Sequence[Token]) -> bool:
        if self._thing_is or not garment_follows(rest):
            return True
        touches_before = token.start == self._garment_end
        touches_after = bool(rest) and rest[0].start == token.end
        if touches_before != touches_after and not self._default:  # 帽子红色 上衣黑色 背包
            return touches_before
        return bool(self._garment_first) and not self._default

    def _take_length(self, token: Token, rest: Sequence[Token]) -> None:
        slots = self._garment or self._last
        inside_unknown = bool(rest) and rest[0].role is Role.UNKNOWN
        if not inside_unknown and not garment_follows(rest) and self._garment_first is not None and slots in _LENGTHS:
            self.put(_LENGTHS[slots], token.value)
        else:
            self._length = (self.place, token.value)

    def _take_garment(self, token: Token, rest: Sequence[Token]) -> None:
        self._set_order(token, rest)
        slots = _WHOLE if self._garment == _WHOLE and token.text in _CLOTHES else token.value
        self._settle_garment()
        self._use_shade()
        self.is_person = True
        word = token.word
        if self.negated and not self._colours:
            self._take_negated(token)
            return
        for says in word.implies if word is not None else ():
            self.put(*says.split("=", 1), wanted=True)
        if self._length is not None and slots in _LENGTHS:
            self.put(_LENGTHS[slots], self._length[1], wanted=True)
            self._length = None
        self._dress(slots, token, word.colour if word is not None else "")

    def _dress(self, slots: str, token: Token, default: str) -> None:
        self._last = slots
        if self._colours:
            self._bind(slots)
        else:
            self._garment, self._default, self._garment_end = slots, default, token.end
            self._near_thing = True
            self._uncoloured.append(slots)

    def _take_negated(self, token: Token) -> None:
        """`no hat` means none; `no jeans` not blue ones; of other clothes the colour that follows is not wanted."""
        word = token.word
        things = [says for says in (word.implies if word is not None else ()) if says.endswith("=yes")]
        lengths = [says for says in (word.implies if word is not None else ()) if "_length=" in says]
        self._last = token.value
        if word is not None and word.colour:
            self._bind(token.value, [(word.colour, True)])
        elif things or lengths:
            for says in things or lengths:
                self.put(*says.split("=", 1))
        else:
            self._garment, self._garment_end = token.value, token.end
            return
        self._was_negated = bool(things)
        self.affirm()

    def _take_attribute(self, token: Token) -> None:
        self.is_person = self.is_person or not token.value.startswith("pattern")
        if self.negated and self._garment is not None and token.role is Role.WHO:  # 没穿鞋的男人
            self.affirm()
        if token.role is Role.WHO:
            if self._garment == _VEHICLE:  # `the man on a bike, red hat`
                self._garment, self._garment_first = None, None
            if self._is_material:  # 穿得很厚的老头
                self._shade = None
            if self._length is not None and self._length[1] == "short":
                self.put("height", "short")
                self._length = None
        for says in token.value.split("+"):
            name, value = says.split("=")
            if name != "kind":
                self._take_look(name, value)
        self.affirm()

    def _take_look(self, name: str, value: str) -> None:
        if name in ("hair", "hair_colour") and self._length is not None:  # `short grey hair`, `short blond hair`
            self.put("hair", self._length[1])
            self._length = None
        has_colour = name in _THINGS
        if name == "hair" and value in _COLOURED_HAIR:  # `long dark hair tied back`
            self._use_shade()
            has_colour = True
        if has_colour and self._colours:
            self._bind(f"{name}_colour")
        elif name in _THINGS:
            self._near_one = f"{name}_colour"
            self._uncoloured.append(self._near_one)
            self._one_without_colour = None if name == "phone" else self._near_one
        self._drawn = self._drawn or (name == "pattern" and bool(self._colours))
        self.put(name, value)
        self._was_negated = self.negated and value == "yes"

    def _take_vehicle(self, token: Token, rest: Sequence[Token]) -> None:
        kind, *more = token.value.split("+")
        self.kind = Kind(kind)
        self._set_order(token, rest)
        self._settle_garment()
        self._use_shade()
        negated_colour = bool(self._colours)  # 不是白色的面包车 is still a van
        for says in more:
            self.put(*says.split("=", 1), wanted=True if negated_colour else None)
        if self.negated and more and not negated_colour:
            self.affirm()
        self._dress(_VEHICLE, token, "")

    def _use_shade(self) -> None:
        """`Dark coat`: a shade without a colour stands for all colours that may look so."""
        if self._shade is None:
            return
        if self._shade[1] and not self._colours:
            self._colours.append((self._shade[1], self.negated))
        if not self._colours and not self._is_material:
            self.unused.add(self._shade[0])
        self._shade = None

    def _bind(self, slots: str, colours: Colours | None = None) -> None:
        chosen = self._colours if colours is None else colours
        if self._denied_alone and slots != _ANY and chosen and _ANY in self.without:  # 不是红色那件，是橙色的冲锋衣
            for slot in slots.split("+"):
                self.without.setdefault(slot, set()).update(self.without[_ANY])
            del self.without[_ANY]
            self._denied_alone = False
        self._uncoloured = [each for each in self._uncoloured if each != slots]
        self._denied = slots if chosen and all(negated for _, negated in chosen) else None
        for slot in slots.split("+"):
            for colour, negated in chosen:
                for value in colour.split("|"):
                    self.put(slot, value, wanted=not negated)
        if colours is None:
            self._colours, self._after_unknown = [], False
        self.affirm(used=any(negated for _, negated in chosen))

    def _settle_garment(self) -> None:
        """A garment that never got a colour has its own, if it has one."""
        if self._garment is not None and self._default and not self.negated:
            self._bind(self._garment, [(self._default, False)])
        self._garment, self._default = None, ""

    def _end_clause(self) -> None:
        if self._shade is not None and (self._garment is not None or self._shade[1] == "blue"):
            self._use_shade()
        for pending in (self._shade, self._length):
            if pending is not None:
                self.unused.add(pending[0])
        if self._colours:
            all_negated = all(negated for _, negated in self._colours)
            before = self._last if all_negated or self._garment_first or self._or_else or self._drawn else None
            if before is None and self._only_colours:  # 裤子不是蓝的，是黑的; 上衣是橙色，也可能是黄色
                one = None if self._wears else self._bare_one
                before = self._bare or self._denied or one or (self._last if self._perhaps else None)
            if self._says_all and self._only_colours and len(self._all_bare) > 1:  # 口罩和帽子，都是黑的
                before = "+".join(self._all_bare)
            self._denied_alone = all_negated and not (self._garment or before)
            self._bind(self._garment or before or _ANY)
            self._garment, self._default = None, ""
        self._bare, self._only_colours = self._garment if not self._default else None, True
        self._bare_one, self._one_without_colour = self._one_without_colour, None
        self._all_bare, self._uncoloured, self._says_all = self._uncoloured, [], False
        self._settle_garment()
        self._garment_first = self._shade = self._length = None
        self._was_negated = self._or_else = self._drawn = self._perhaps = self._wears = False
        self.affirm()
