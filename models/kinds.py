"""The kinds of object zhian looks for."""

from enum import StrEnum


class Kind(StrEnum):
    """Object kinds, the same word in API, files and database."""

    PERSON = "person"
    MOTOR_VEHICLE = "motor_vehicle"
    NON_MOTOR_VEHICLE = "non_motor_vehicle"

    @property
    def code(self) -> int:
        """Index of the kind in `Detections.class_id`."""
        return KINDS.index(self)


KINDS: tuple[Kind, ...] = (Kind.PERSON, Kind.MOTOR_VEHICLE, Kind.NON_MOTOR_VEHICLE)
