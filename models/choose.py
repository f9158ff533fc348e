"""Which networks are used on this machine, and why."""

from dataclasses import dataclass

from models.card import ModelCard, Task
from models.cards import CARDS
from models.engine import AUTOMATIC, EngineSettings
from models.kinds import KINDS, Kind
from models.measuring import settle
from models.store import ModelStore

# Best partner of the tracker first, measured on camera views: `python -m benchmarks tracking`.
_DETECTORS = ("omz2002", "nanodet")
_PERSON_EMBEDDERS = ("omz0277", "person_small")
_VEHICLE_EMBEDDER = "colour_stripes"


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of `zhian models list`; `present` is bundled, here or missing; `used_for` is empty when unused."""

    name: str
    task: Task
    present: str
    used_for: str
    engine: str
    why: str
    licence: str
    size_bytes: int


def best_detector(store: ModelStore) -> tuple[str, str]:
    """Return name and reason of the detector that is used when none is configured."""
    if store.has(CARDS[_DETECTORS[0]]):
        return _DETECTORS[0], f"{_DETECTORS[0]} tracks best on camera views"
    return _DETECTORS[1], f"nanodet is bundled; {_DETECTORS[0]} tracks better but is not fetched"


def best_embedder(kind: Kind, store: ModelStore) -> tuple[str, str]:
    """Return name and reason of the embedder that is used for a kind when none is configured."""
    if kind != Kind.PERSON:
        return _VEHICLE_EMBEDDER, "colour_stripes: no network for vehicles yet"
    if store.has(CARDS[_PERSON_EMBEDDERS[0]]):
        return _PERSON_EMBEDDERS[0], f"{_PERSON_EMBEDDERS[0]} finds people again best"
    return _PERSON_EMBEDDERS[1], f"person_small is bundled; its teacher {_PERSON_EMBEDDERS[0]} is not fetched"


def listing(store: ModelStore, settings: EngineSettings = AUTOMATIC) -> list[Listing]:
    """Return one row per card: what is here, what is used without further configuration, and why."""
    used: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    name, reasons_of = best_detector(store)
    used.setdefault(name, []).append("detection")
    reasons[name] = reasons_of
    for kind in KINDS:
        name, why = best_embedder(kind, store)
        used.setdefault(name, []).append(kind.value)
        reasons.setdefault(name, why)
    used["clothing"] = ["clothing colours"]
    reasons["clothing"] = "clothing is bundled"
    if store.has(CARDS["omz0039"]):
        used["omz0039"] = ["vehicle colour"]
        reasons["omz0039"] = "the only attribute network that was measured to be right"
    return [_row(card, store, used.get(card.name, []), reasons.get(card.name, ""), settings) for card in CARDS.values()]


def _row(card: ModelCard, store: ModelStore, used: list[str], why: str, settings: EngineSettings) -> Listing:
    present = "bundled" if card.bundled else "here" if store.has(card) else "missing"
    engine = "numpy"
    if card.files:
        network = store.place(card, card.files[0]).read_bytes() if store.has(card) else b""
        _, choice = settle(card, network, store, settings)
        engine = choice.label
        why = f"{why}; {choice.why}" if why else f"not the best here ({card.quality})"
    return Listing(card.name, card.task, present, ", ".join(used), engine, why, card.licence, card.size_bytes)
