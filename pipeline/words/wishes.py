"""What is wanted and what is not, as it is gathered word by word."""

from models.kinds import Kind

Values = dict[str, set[str]]
_OF_A_VEHICLE = {"colour": "vehicle_colour", "type": "vehicle", "brand": "vehicle_brand"}
_ANY, _VEHICLE = "any_colour", "colour"


class Wishes:
    """Values by attribute, what each token said, and which tokens said nothing at all."""

    def __init__(self) -> None:
        self.wanted: Values = {}
        self.without: Values = {}
        self.kind: Kind | None = None
        self.is_person = False
        self.said: dict[int, str] = {}
        self.unused: set[int] = set()
        self.place = -1
        self.negated = False
        self._negation = -1

    def negate(self) -> None:
        """What is said next is not wanted."""
        self.negated, self._negation = True, self.place

    def affirm(self, *, used: bool = False) -> None:
        """What is said next is wanted; a negation that met nothing is shown as not understood, unless it was used."""
        if self.negated and self._negation >= 0 and not used:
            self.unused.add(self._negation)
        self.negated, self._negation = False, -1

    def put(self, name: str, value: str, *, wanted: bool | None = None) -> None:
        """Want a value, or not when it was negated; `wanted` overrides that."""
        negated = self.negated if wanted is None else not wanted
        if negated:
            self._negation = -1
        (self.without if negated else self.wanted).setdefault(name, set()).add(value)
        says = f"{'not ' if negated else ''}{name}={value}"
        self.said[self.place] = "+".join(filter(None, (self.said.get(self.place), says)))

    def settle(self) -> None:
        """Tell whether a person or a vehicle is looked for, and name what belongs to the other of them."""
        names = _OF_A_VEHICLE if self.is_person else {_ANY: _VEHICLE} if self.kind is not None else {}
        if self.is_person:
            self.kind = Kind.PERSON
        for values in (self.wanted, self.without):
            for name, other in names.items():
                if name in values:
                    values.setdefault(other, set()).update(values.pop(name))
        self.said = {place: _renamed(says, names) for place, says in self.said.items()}


def _renamed(says: str, names: dict[str, str]) -> str:
    renamed = []
    for each in says.split("+"):
        denial, _, rest = each.rpartition(" ")
        name, _, value = rest.partition("=")
        renamed.append(f"{denial}{' ' if denial else ''}{names.get(name, name)}={value}")
    return "+".join(renamed)
