"""A way somebody took: where she was seen, and how she may have come from one place to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.kinds import Kind
from pipeline.sighting import Sighting


class Verdict(StrEnum):
    """Whether a leg can be. UNKNOWN: nobody knows the way. INFEASIBLE: faster than anybody; one of both is not her."""

    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sighting that may be hers. `score` is the cosine to those that are confirmed; None for those themselves.

    `evidence` is a logarithm of odds, above 0 when it is more likely hers than chance; of a confirmed one it is 0.
    """

    sighting: Sighting
    confirmed: bool
    score: float | None = None
    evidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Leg:
    """From one stop to the next. `seconds` from last seen to first seen, below 0 when both overlap in time.

    `metres` None when nobody knows the way; `estimated` when it comes from positions. `speed` in m/s, None where the
    way or the time is nothing.
    """

    verdict: Verdict
    seconds: float
    metres: float | None
    estimated: bool

    @property
    def speed(self) -> float | None:
        """Metres a second that the leg takes at least."""
        return self.metres / self.seconds if self.metres and self.seconds > 0 else None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A look-alike that is not on the way: from or to the stop `clashes_with` she would be faster than anybody."""

    candidate: Candidate
    clashes_with: str


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Stops by time, and the legs between them: `len(legs) == len(stops) - 1`."""

    kind: Kind
    stops: Sequence[Candidate]
    legs: Sequence[Leg]
    set_aside: Sequence[SetAside] = ()

    @property
    def flagged(self) -> int:
        """How many legs cannot be."""
        return sum(leg.verdict is Verdict.INFEASIBLE for leg in self.legs)
