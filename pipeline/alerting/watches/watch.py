"""The watch (布控): whom or what to look out for, where, until when, and on whose behalf."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from models.embeddings import Embeddings
from models.kinds import Kind
from pipeline.alerting.alert import Severity
from pipeline.archive.contract import SightingFilter
from pipeline.archive.looks import Looks
from pipeline.errors import BadWatch

DAY_MS = 86_400_000
_BESIDE_A_PLATE = re.compile(r"[\s·•.\-]")


class WatchState(StrEnum):
    """Where a watch stands at a time."""

    ACTIVE = "active"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What a watch looks for; all that is given must agree.

    `vectors` (n, d): any of them; `looks`: each of them seen, and none otherwise; `plate`: as written on the vehicle.
    `where` narrows to cameras, communities, kind and time.
    """

    where: SightingFilter
    vectors: Embeddings | None = None
    looks: Looks = field(default_factory=Looks)
    plate: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """A standing query. Times are UTC epoch ms.

    `name` is unique among all watches, past ones included. `words` are the looks as somebody wrote them, `same_as` the
    sightings that are known to show the one looked for. `again_after_s`: whoever stays, or is lost and found again at
    one camera, is told once; after so long without a sighting there, a return is told.
    """

    id: str
    name: str
    target: Target
    reason: str
    requester: str
    created_ms: int
    expires_ms: int
    budget_per_day: float = 1.0
    severity: Severity = Severity.HIGH
    again_after_s: float = 600.0
    words: str = ""
    same_as: tuple[str, ...] = ()
    withdrawn_ms: int | None = None
    withdrawn_by: str = ""
    withdrawn_why: str = ""

    def state(self, now_ms: int) -> WatchState:
        """Return where the watch stands."""
        if self.withdrawn_ms is not None:
            return WatchState.WITHDRAWN
        return WatchState.ACTIVE if now_ms < self.expires_ms else WatchState.EXPIRED


def plain_plate(text: str) -> str:
    """Return a plate as it is compared: capitals, without spaces, dots and dashes."""
    return _BESIDE_A_PLATE.sub("", text).upper()


def check_watch(watch: Watch, *, longest_days: float, known_cameras: frozenset[str]) -> None:
    """Raise BadWatch for one that could never fire, that nobody answers for, or that would never end."""
    target, where = watch.target, watch.target.where
    if target.vectors is None and not target.looks and not target.plate:
        raise BadWatch("a watch needs somebody to look for: a photo, words for clothes, or a plate")
    if target.plate and where.kind is Kind.PERSON:
        raise BadWatch("people carry no plates: leave out the kind, or say motor_vehicle")
    if not watch.reason.strip():
        raise BadWatch("a watch needs a reason: it is kept with it")
    if not watch.requester.strip():
        raise BadWatch("a watch needs somebody who asks for it")
    if watch.expires_ms <= watch.created_ms:
        raise BadWatch("the watch would end before it begins: give an expiry in the future")
    if watch.expires_ms - watch.created_ms > longest_days * DAY_MS:
        raise BadWatch(f"a watch may last {longest_days:g} days at most: give an earlier expiry, and renew it then")
    if not 0 < watch.budget_per_day <= 10_000:
        raise BadWatch("the budget is the number of false alerts a day that can be borne: more than 0, at most 10000")
    unknown = sorted(set(where.cameras) - known_cameras)
    if unknown:
        raise BadWatch(f"unknown camera {', '.join(unknown)}: known are {', '.join(sorted(known_cameras)) or 'none'}")
    if where.from_ms is not None and where.to_ms is not None and where.to_ms <= where.from_ms:
        raise BadWatch("the end of the watched time is not after its start")
    if where.to_ms is not None and where.to_ms <= watch.created_ms:
        raise BadWatch("the watched time is over already: give one that ends in the future")
