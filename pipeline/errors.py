"""What can go wrong in the flow.

PipelineError
├── BadSettings        configuration that cannot be used; names file and line
├── BadRules           a rule cannot be used; names the rule
├── UnknownRule        no rule of that name at that camera
├── RulesChanged       somebody else changed the camera's rules meanwhile
├── NoStill            a camera has shown no picture yet
├── BusUnavailable     the bus between processes cannot be reached
├── ArchiveError
│   ├── ArchiveBusy        another process writes to it
│   ├── ArchiveTooNew      written by a newer version
│   ├── ArchiveDamaged     not an archive, or its parts do not fit
│   │   └── SegmentDamaged     a derived part cannot be read; it can be built anew
│   ├── ArchiveFull        the disk has no room
│   ├── UnknownSighting    no such id
│   ├── SightingHeld       a case holds it
│   └── HoldTooLarge       a hold by time and place takes in too much
├── BenchFailed        a measurement could not be taken
├── AlertingError      alerts, incidents, watches or subscriptions cannot be kept or changed
│   ├── AlertingTooNew     a newer version wrote their database
│   ├── AlertingDamaged    not their database, or damaged
│   ├── AlertingFull       the disk has no room
│   ├── UnknownIncident    no such id
│   ├── StepRefused        an incident cannot be taken to that state now
│   ├── UnknownWatch       no such watch, or no such picture of it
│   ├── BadWatch           a watch that could never fire, never end, or has no reason
│   ├── UnknownResident    no such id
│   ├── BadEnrolment       a resident in care without consent, photo or end
│   ├── UnknownSubscription no such id
│   └── BadSubscription    its address, mute or escalation cannot be used
│       └── AddressRefused     it leads to a private address nobody has allowed
└── QueryError
    ├── UnknownCamera      a filter names a camera nobody has
    ├── UnknownCommunity   a filter names a community nobody has
    ├── BadTimeRange       the end is not after the start
    ├── NothingAsked       the words name nothing that can be looked for
    ├── BadCoat            nobody's coat can have changed
    ├── NothingConfirmed   a way is asked for without a sighting to begin with
    ├── MixedKinds         the confirmed sightings are of different kinds
    ├── BadZone            no part of one camera's picture
    ├── BadFeedback        what is said of hits contradicts itself
    ├── NobodyFound        the photo shows nobody of the asked kind
    └── SeveralFound       the photo shows several; the caller picks one
"""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from models.detections import Detections


class PipelineError(Exception):
    """Root of the floor's errors; the message is one sentence that says what to do."""


class BadSettings(PipelineError):
    """A configuration file cannot be used."""


class BadRules(PipelineError):
    """A rule cannot be used."""


class UnknownRule(PipelineError):
    """No rule of that name at that camera."""

    def __init__(self, camera_id: str, name: str) -> None:
        super().__init__(f"camera {camera_id} has no rule `{name}`")


class RulesChanged(PipelineError):
    """The rules of a camera are not those the caller has seen."""

    def __init__(self, camera_id: str) -> None:
        super().__init__(
            f"somebody else changed the rules of {camera_id} meanwhile: look at them again, then change them"
        )


class NoStill(PipelineError):
    """A camera has shown no picture since zhian started."""

    def __init__(self, camera_id: str, reason: str) -> None:
        why = f" ({reason})" if reason else ""
        super().__init__(
            f"{camera_id} has shown no picture since zhian started{why}: try again when the camera is live"
        )


class BusUnavailable(PipelineError):
    """The bus between processes cannot be reached, or does not understand."""


class ArchiveError(PipelineError):
    """An archive cannot be opened, read or written."""


class ArchiveBusy(ArchiveError):
    """Another process writes to the archive."""


class ArchiveTooNew(ArchiveError):
    """A newer version of zhian wrote the archive."""


class ArchiveDamaged(ArchiveError):
    """The folder is not an archive or its parts do not fit together."""


class SegmentDamaged(ArchiveDamaged):
    """A derived part of the archive cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read: `zhian archive rebuild` makes it anew")


class ArchiveFull(ArchiveError):
    """The disk has no room for more."""


class UnknownSighting(ArchiveError):
    """No sighting has this id."""

    def __init__(self, sighting_id: str) -> None:
        super().__init__(f"no sighting {sighting_id} in this archive")


class SightingHeld(ArchiveError):
    """A legal hold keeps the sighting."""

    def __init__(self, sighting_id: str, case: str) -> None:
        super().__init__(f"sighting {sighting_id} is held by case {case}: release the case first")


class HoldTooLarge(ArchiveError):
    """A hold by time and place takes in more than one order may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"that is more than {most:,} sightings: narrow the time or name the cameras")


class BenchFailed(PipelineError):
    """A measurement could not be taken."""


class AlertingError(PipelineError):
    """Alerts, incidents, watches or subscriptions cannot be kept, read or changed."""


class AlertingTooNew(AlertingError):
    """A newer version of zhian wrote the database of alerting."""


class AlertingDamaged(AlertingError):
    """The file is not the database of alerting, or it is damaged."""


class AlertingFull(AlertingError):
    """The disk has no room for more alerts."""


class UnknownIncident(AlertingError):
    """No incident has this id."""

    def __init__(self, incident_id: str) -> None:
        super().__init__(f"no incident {incident_id}")


class StepRefused(AlertingError):
    """An incident cannot be taken to the wanted state now."""


class UnknownWatch(AlertingError):
    """No watch has this id, or its picture is gone."""


class BadWatch(AlertingError):
    """A watch cannot be as asked."""


class UnknownResident(AlertingError):
    """No resident in care has this id."""

    def __init__(self, resident_id: str) -> None:
        super().__init__(f"no resident {resident_id}")


class BadEnrolment(AlertingError):
    """A resident cannot be enrolled as asked."""


class UnknownSubscription(AlertingError):
    """No subscription has this id."""

    def __init__(self, subscription_id: str) -> None:
        super().__init__(f"no subscription {subscription_id}")


class BadSubscription(AlertingError):
    """An address, a mute or an escalation cannot be used."""


class AddressRefused(BadSubscription):
    """The address is private, loopback or link-local, and the settings do not allow it."""


class QueryError(PipelineError):
    """A question that cannot be answered as asked."""


class UnknownCamera(QueryError):
    """A filter names a camera that is neither configured nor in the archive."""

    def __init__(self, unknown: Sequence[str], known: Sequence[str]) -> None:
        super().__init__(f"unknown camera {', '.join(unknown)}: known are {_some_of(known, unknown)}")


class UnknownCommunity(QueryError):
    """A filter names a community that is neither configured nor in the archive."""

    def __init__(self, unknown: Sequence[str], known: Sequence[str]) -> None:
        super().__init__(f"unknown community {', '.join(unknown)}: known are {_some_of(known, unknown)}")


class BadTimeRange(QueryError):
    """The end of a time range is not after its start."""

    def __init__(self) -> None:
        super().__init__("the end of the time range is not after its start")


class NothingAsked(QueryError):
    """The words name nothing that can be looked for."""

    def __init__(self) -> None:
        super().__init__(
            "the words name no clothes and nothing else to look for: say a colour and a garment, as in "
            "`red coat, black trousers` or `红色上衣 黑裤子`"
        )


class BadCoat(QueryError):
    """The coat of somebody who is only described, or of a vehicle, cannot have changed."""

    def __init__(self) -> None:
        super().__init__("only a person's coat can have changed, and of her a photo or a sighting is needed")


class NothingConfirmed(QueryError):
    """A way is asked for without a sighting to begin with."""

    def __init__(self) -> None:
        super().__init__("name at least one sighting that is confirmed: its id stands in every search result")


class MixedKinds(QueryError):
    """The confirmed sightings are of different kinds."""

    def __init__(self) -> None:
        super().__init__("the sightings are of different kinds: a way is that of one person or one vehicle")


class BadZone(QueryError):
    """A part of a picture that is none, or of no one camera."""


class BadFeedback(QueryError):
    """What is said of hits contradicts itself."""


class NobodyFound(QueryError):
    """The photo shows nobody of the asked kind."""


class SeveralFound(QueryError):
    """A photo shows several; `detections` lists them, the caller picks one by its box. `photo` counts from 1."""

    def __init__(self, detections: Detections, photo: int = 1) -> None:
        super().__init__(f"photo {photo} shows {len(detections)} of the kind: pick one by its box")
        self.detections = detections
        self.photo = photo


_MOST_NAMED = 20


def _some_of(known: Sequence[str], unknown: Sequence[str]) -> str:
    """Return the known names; of very many only those that are spelt like the unknown ones, or the first."""
    if len(known) <= _MOST_NAMED:
        return ", ".join(known) or "none yet"
    alike = [name for each in unknown for name in get_close_matches(each, known, n=5)]
    named = list(dict.fromkeys(alike)) or list(known[:_MOST_NAMED])
    return f"{', '.join(named)} and {len(known) - len(named)} more"
