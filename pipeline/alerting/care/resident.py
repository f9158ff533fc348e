"""Who is in care, on whose consent, and what the guardian wants to be told."""

from dataclasses import dataclass, field

from models.embeddings import Embeddings
from pipeline.alerting.alert import Severity
from pipeline.alerting.watches.watch import DAY_MS
from pipeline.errors import BadEnrolment

MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed (the resident, or whoever may decide for her), when (UTC epoch ms), and how it is on record."""

    by: str
    at_ms: int
    record: str


@dataclass(frozen=True, slots=True, eq=False)
class Companion:
    """Somebody with whom she may leave, such as a daughter or a carer."""

    id: str
    name: str
    vectors: Embeddings


@dataclass(frozen=True, slots=True, eq=False)
class Resident:
    """A resident in care. Times are UTC epoch ms.

    `exit_cameras` see people who leave the community; whoever is seen by any other camera of `community` is at home.
    Told are: leaving without company (`alone`), being away at `home_by_min` (minutes after local midnight), and not
    being seen for `not_seen_h` hours; None switches a rule off. In the `quiet` hours (from, to: minutes after local
    midnight) she sleeps: that she is not seen at home is told after them. `budget_per_day` is how many strangers a day
    may be taken for her.
    """

    id: str
    name: str
    guardian: str
    community: str
    exit_cameras: tuple[str, ...]
    vectors: Embeddings | None
    consent: Consent
    enrolled_by: str
    created_ms: int
    expires_ms: int
    alone: bool = True
    home_by_min: int | None = None
    not_seen_h: float | None = None
    quiet: tuple[int, int] | None = None
    budget_per_day: float = 1.0
    severity: Severity = Severity.HIGH
    companions: tuple[Companion, ...] = field(default=())
    withdrawn_ms: int | None = None
    withdrawn_by: str = ""
    withdrawn_why: str = ""


def check_resident(
    resident: Resident, *, longest_days: float, known_cameras: frozenset[str], communities: frozenset[str]
) -> None:
    """Raise BadEnrolment for one without consent or end, or that nothing could be told of."""
    consent = resident.consent
    for said, what in (
        (resident.name, "the resident's name"),
        (resident.guardian, "the guardian, who is to be told"),
        (consent.by, "who gave consent: the resident, or whoever may decide for her"),
        (consent.record, "how the consent is on record, for instance `signed form of 1 May 2026`"),
    ):
        if not said.strip():
            raise BadEnrolment(f"an enrolment needs {what}")
    if consent.at_ms > resident.created_ms:
        raise BadEnrolment("the consent lies in the future: enrol when it was given")
    if resident.vectors is None or len(resident.vectors) == 0:
        raise BadEnrolment("an enrolment needs a photo of the resident")
    if resident.expires_ms <= resident.created_ms:
        raise BadEnrolment("the enrolment would end before it begins: give an expiry in the future")
    if resident.expires_ms - resident.created_ms > longest_days * DAY_MS:
        raise BadEnrolment(f"an enrolment may last {longest_days:g} days at most: consent is asked for again then")
    if resident.community not in communities:
        raise BadEnrolment(f"unknown community {resident.community!r}: known are {_listed(communities)}")
    unknown = sorted(set(resident.exit_cameras) - known_cameras)
    if unknown:
        raise BadEnrolment(f"unknown camera {', '.join(unknown)}: known are {_listed(known_cameras)}")
    if (resident.alone or resident.home_by_min is not None) and not resident.exit_cameras:
        raise BadEnrolment("to tell who leaves, name the cameras that see people leave")
    if resident.quiet is not None and resident.quiet[0] == resident.quiet[1]:
        raise BadEnrolment("the quiet hours begin when they end: leave both out when there are none")
    if not resident.alone and resident.home_by_min is None and resident.not_seen_h is None:
        raise BadEnrolment("nothing is to be told: choose alone, home by, or not seen for")


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"
