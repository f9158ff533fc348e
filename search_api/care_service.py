"""What the doors can do with residents in care: enrol with consent, add companions, look, withdraw."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.embeddings import Embeddings
from models.kinds import Kind
from pipeline.alerting.care import CareRegister, Companion, Consent, Resident
from pipeline.alerting.care.carer import is_away
from pipeline.alerting.care.register import Recognised
from pipeline.alerting.care.resident import check_resident
from pipeline.archive.contract import SearchRecord
from pipeline.errors import BadEnrolment
from pipeline.settings import CareSettings
from search_api.service import Purpose, SearchService
from search_api.watch_service import MOST_PHOTOS, describe_photos

REASON = "resident in care"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a guardian wants to be told; `false_alerts_per_day` None is the configured value, or what there was."""

    guardian: str
    exit_cameras: tuple[str, ...]
    expires_ms: int
    alone: bool = True
    home_by_min: int | None = None
    not_seen_h: float | None = None
    quiet: tuple[int, int] | None = None
    false_alerts_per_day: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Enrolment:
    """Who is to be enrolled, on whose consent, and what the guardian wants."""

    name: str
    community: str
    photos: Sequence[bytes | Path]
    consent: Consent
    wishes: Wishes


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
        now_ms, wishes = self.search.now_ms(), wish.wishes
        blank = Resident(
            secrets.token_hex(8),
            wish.name.strip(),
            "",
            wish.community,
            (),
            vectors,
            wish.consent,
            who,
            now_ms,
            wishes.expires_ms,
            budget_per_day=self.settings.false_alerts_per_day,
        )
        resident = _with(blank, wishes)
        self._check(resident)
        self._record(who, "resident enrolled", resident.id, {"consent_by": wish.consent.by})
        self.register.enrol(resident, crops)
        self.changed()
        return resident

    def change(self, resident_id: str, wishes: Wishes, purpose: Purpose) -> Resident:
        """Put other wishes in place and write down who did and why; raises UnknownResident, BadEnrolment."""
        before, now_ms = self.register.get(resident_id), self.search.now_ms()
        if before.withdrawn_ms is not None or before.expires_ms <= now_ms:
            raise BadEnrolment("the enrolment is over and all that showed her is erased: enrol anew, with consent")
        if wishes.expires_ms <= now_ms:
            raise BadEnrolment("that end is past: give one in the future, or withdraw the enrolment and say why")
        resident = _with(before, wishes)
        self._check(resident)
        self._record(purpose.who, "resident changed", resident_id, {"why": purpose.reason})
        self.register.change(resident, now_ms)
        self.changed()
        return self.register.get(resident_id)

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

    def add_photos(self, resident_id: str, photos: Sequence[bytes | Path], who: str) -> Resident:
        """Add photos of her, such as in another coat; raises UnknownResident, BadEnrolment and what photos raise."""
        self.register.get(resident_id)
        vectors, crops = self._described(photos)
        if vectors is None:
            raise BadEnrolment("no photo was sent: choose one that shows her alone")
        self._record(who, "photos added", resident_id, {"photos": len(crops)})
        self.register.add_photos(resident_id, vectors, crops)
        self.changed()
        return self.register.get(resident_id)

    def remove_companion(self, resident_id: str, name: str, purpose: Purpose) -> Resident:
        """Erase a companion of this name; raises UnknownResident, BadEnrolment."""
        self.register.remove_companion(resident_id, name, self.search.now_ms())
        self._record(purpose.who, "companion removed", resident_id, {"companion": name, "why": purpose.reason})
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

    def away(self, resident: Resident, last: Recognised | None) -> bool:
        """Tell whether she was last seen leaving her community, or in another one."""
        return last is not None and is_away(resident, last, self.search.archive)

    def sightings(self, resident_id: str, who: str, *, limit: int) -> list[Recognised]:
        """Return where a resident was seen, newest first; whoever asks is written down. Raises UnknownResident."""
        self.register.get(resident_id)
        found = self.register.last_seen(resident_id, limit=limit)
        self._record(who, "resident looked up", resident_id, {}, len(found))
        return found

    def _check(self, resident: Resident) -> None:
        known = frozenset(self.communities()) | frozenset(self.search.archive.communities())
        check_resident(
            resident,
            longest_days=self.settings.longest_days,
            known_cameras=frozenset(self.search.known_cameras()),
            communities=known,
        )

    def _described(self, photos: Sequence[bytes | Path]) -> tuple[Embeddings | None, list[bytes]]:
        if len(photos) > MOST_PHOTOS:
            raise BadEnrolment(f"more than {MOST_PHOTOS} photos: choose the clearest")
        return describe_photos(self.search, photos, Kind.PERSON)

    def _record(self, who: str, what: str, resident_id: str, more: Mapping[str, object], hits: int = 0) -> None:
        entry = {"action": what, "resident": resident_id, **more}
        self.search.archive.record_search(SearchRecord(self.search.now_ms(), who, REASON, entry, hits))


def _with(resident: Resident, wishes: Wishes) -> Resident:
    budget = wishes.false_alerts_per_day
    return replace(
        resident,
        guardian=wishes.guardian.strip(),
        exit_cameras=wishes.exit_cameras,
        expires_ms=wishes.expires_ms,
        alone=wishes.alone,
        home_by_min=wishes.home_by_min,
        not_seen_h=wishes.not_seen_h,
        quiet=wishes.quiet,
        budget_per_day=resident.budget_per_day if budget is None else budget,
    )
