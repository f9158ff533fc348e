"""Who of the residents and their companions is on a sighting, at thresholds that keep to the residents' budgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.embeddings import Embeddings
from models.kinds import Kind
from pipeline.alerting.budget import Evidence
from pipeline.alerting.care.resident import Resident
from pipeline.alerting.watches.evidence import archive_scores, calibrated, sightings_per_day
from pipeline.alerting.watches.matching import Matcher
from pipeline.alerting.watches.watch import Target
from pipeline.archive.contract import Archive, SightingFilter, Stored

PEOPLE = SightingFilter(kind=Kind.PERSON)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Somebody to recognise by looks: a resident, or with `companion` one of hers."""

    resident: Resident
    companion: str
    name: str
    target: Target
    threshold: float


class Recognition:
    """A fixed list of residents and companions, with thresholds read off the archive when it is made."""

    def __init__(self, archive: Archive, residents: Sequence[Resident], now_ms: int) -> None:
        self._known = [known for each in residents for known in _known(archive, each, now_ms)]
        self._matcher = Matcher([known.target for known in self._known])

    def on(self, stored: Sequence[Stored]) -> list[tuple[Known, Stored, float]]:
        """Return everybody recognised, with the score."""
        found = []
        for match in self._matcher.matches(stored):
            known = self._known[match.target]
            if match.score >= known.threshold:
                found.append((known, stored[match.stored], match.score))
        return found

    def companions_on(self, resident_id: str, stored: Sequence[Stored]) -> Mapping[str, str]:
        """Return the names of a resident's companions by the ids of the sightings that show them."""
        return {
            each.sighting.id: known.name
            for known, each, _ in self.on(stored)
            if known.companion and known.resident.id == resident_id
        }


def _known(archive: Archive, resident: Resident, now_ms: int) -> list[Known]:
    shown: list[tuple[str, str, Embeddings]] = [(each.id, each.name, each.vectors) for each in resident.companions]
    if resident.vectors is not None:
        shown.insert(0, ("", resident.name, resident.vectors))
    known = []
    per_day = sightings_per_day(archive, PEOPLE, now_ms)
    for companion, name, vectors in shown:
        target = Target(PEOPLE, vectors)
        rates = {} if per_day is None else {"": per_day}
        past = archive_scores(archive, target, now_ms)
        threshold = calibrated(resident.budget_per_day, target, Evidence(past, per_day=rates)).everywhere
        known.append(Known(resident, companion, name, target, threshold))
    return known
