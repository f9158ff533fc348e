"""What the doors can do with residents in care: enrol with consent, add companions, look, withdraw."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.embeddings import Embeddings
from models.kinds import Kind
from pipeline.alerting.care import CareRegister, Companion, Consent, Resident
from pipeline.alerting.care.register import Recognised
from pipeline.alerting.care.resident import check_resident
from pipeline.archive.contract import SearchRecord
from pipeline.errors import BadEnrolment
from pipeline.settings import CareSettings
from search_api.service import Purpose, SearchService
from search_api.watch_service import MOST_PHOTOS, describe_photos

REASON = "resident in care"


@dataclass(frozen=True, slots=True, eq=False)
class Enrolment:
    """What a guardian wants; None is the configured value."""

    name: str
    guardian: str
    community: str
    exit_cameras: tuple[str, ...]
    photos: Sequence[bytes | Path]
    consent: Consent
    expires_ms: int
    alone: bool = True
    home_by_min: int | None = None
    not_seen_h: float | None = None
    false_alerts_per_day: float | None = None


@dataclass(slots=True)
class CareService:
    """Residents in care of one site; safe to use from many threads.

    `communities` returns the ids of those configured, `changed` is called when somebody was enrolled or withdrawn.
    """

    search: SearchService
    register: CareRegister
    settings: CareSettings = field(default_factory=CareSettings)
    communities: Callable[[], Sequence[str]] = tuple
    changed: Callable[[], None] = lambda: None

    def enrol(self, wish: Enrolment, who: str) -> Resident:
        """Enrol a resident and write down who did; raises BadEnrolment and what photos raise, TooBusy."""
        vectors, crops = self._described(wish.photos)
        budget = self.settings.false_alerts_per_day if wish.false_alerts_per_day is None else wish.false_alerts_per_day
        now_ms = self.search.now_ms()
        resident = Resident(
            secrets.token_hex(8),
            wish.name.strip(),
            wish.guardian.strip(),
            wish.community,
            wish.exit_cameras,
            vectors,
            wish.consent,
            who,
            now_ms,
            wish.expires_ms,
            wish.alone,
            wish.home_by_min,
            wish.not_seen_h,
            budget,
        )
        known = frozenset(self.communities()) | frozenset(self.search.archive.communities())
        check_resident(
            resident,
            longest_days=self.settings.longest_days,
            known_cameras=frozenset(self.search.known_cameras()),
            communities=known,
        )
        self._record(who, "resident enrolled", resident.id, {"consent_by": wish.consent.by})
        self.register.enrol(resident, crops)
        self.changed()
        return resident

    def add_companion(self, resident_id: str, name: str, photos: Sequence[bytes | Path], who: str) -> Resident:
        """Add somebody with whom she may leave; raises UnknownResident, BadEnrolment and what photos raise."""
        if not name.strip():
            raise BadEnrolment("a companion needs a name")
        self.register.get(resident_id)
        vectors, crops = self._described(photos)
        if vectors is None:
            raise BadEnrolment("a companion needs a photo")
        self._record(who, "companion added", resident_id, {"companion": name.strip()})
        companion = Companion(secrets.token_hex(4), name.strip(), vectors)
        self.register.add_companion(resident_id, companion, crops)
        self.changed()
        return self.register.get(resident_id)

    def withdraw(self, resident_id: str, purpose: Purpose) -> Resident:
        """End an enrolment; photos, vectors and where she was seen are erased. Raises UnknownResident, BadEnrolment."""
        ended = self.register.withdraw(resident_id, purpose.who, purpose.reason, self.search.now_ms())
        self._record(purpose.who, "resident withdrawn", resident_id, {"why": purpose.reason})
        self.changed()
        return ended

    def last_seen(self, resident_id: str) -> Recognised | None:
        """Return where a resident was seen last."""
        return next(iter(self.register.last_seen(resident_id)), None)

    def sightings(self, resident_id: str, who: str, *, limit: int) -> list[Recognised]:
        """Return where a resident was seen, newest first; whoever asks is written down. Raises UnknownResident."""
        self.register.get(resident_id)
        found = self.register.last_seen(resident_id, limit=limit)
        self._record(who, "resident looked up", resident_id, {}, len(found))
        return found

    def _described(self, photos: Sequence[bytes | Path]) -> tuple[Embeddings | None, list[bytes]]:
        if len(photos) > MOST_PHOTOS:
            raise BadEnrolment(f"more than {MOST_PHOTOS} photos: choose the clearest")
        return describe_photos(self.search, photos, Kind.PERSON)

    def _record(self, who: str, what: str, resident_id: str, more: Mapping[str, object], hits: int = 0) -> None:
        entry = {"action": what, "resident": resident_id, **more}
        self.search.archive.record_search(SearchRecord(self.search.now_ms(), who, REASON, entry, hits))
