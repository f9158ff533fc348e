"""What the doors refuse by themselves, before any floor below is asked.

DoorError
├── BadInput           an argument, field or file of the caller cannot be used
├── TooLarge           an upload is over the limit
└── TooBusy            too many searches wait already
"""


class DoorError(Exception):
    """Root of the floor's errors; the message is one sentence that says what to do."""


class BadInput(DoorError):
    """An argument, a field or a file of the caller cannot be used."""


class TooLarge(DoorError):
    """An upload is over the limit."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the upload is over {limit_bytes / 1_000_000:g} MB: send a smaller picture")
        self.limit_bytes = limit_bytes


class TooBusy(DoorError):
    """Too many searches wait already."""

    def __init__(self) -> None:
        super().__init__("too many searches are waiting: try again in a few seconds")
