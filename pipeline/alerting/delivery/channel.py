"""The contract of a channel: how one message reaches one subscriber.

- `send` returns a receipt, a short text to look up at the receiver, only when the receiver has taken the message.
- It raises Undelivered otherwise, within the configured timeout, whatever the receiver does.
- It keeps its connection between messages and makes a new one when the old one broke.
- The same parcel sent again carries the same id.
- `close` may be called at any time and does not raise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Reason(StrEnum):
    """Why a message was not delivered."""

    UNREACHABLE = "unreachable"  # no address, no connection, or it broke
    TIMEOUT = "timeout"  # it took the connection but did not answer in time
    FAILING = "failing"  # it answered that it cannot now
    REJECTED = "rejected"  # it answered that it never will
    REFUSED_ADDRESS = "refused_address"  # it leads to a private address nobody has allowed
    GAVE_UP = "gave_up"  # tried for too long
    OUTBOX_FULL = "outbox_full"  # too many messages wait for this subscriber


class Undelivered(Exception):
    """The receiver has not taken the message, or it is not known whether it has.

    `for_good` means that trying again makes no sense; `wait_s` is what the receiver asks to wait.
    """

    def __init__(self, reason: Reason, detail: str, *, for_good: bool = False, wait_s: float | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.for_good = for_good
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """One message on its way: `body` is what `pipeline.alerting.message` describes, `jpeg` a small picture."""

    id: str
    incident_id: str
    body: Mapping[str, Any]
    jpeg: bytes | None = field(default=None, repr=False)


class Carrier(Protocol):
    """Carries messages to one subscriber; used by one task of one event loop."""

    async def send(self, parcel: Parcel) -> str:
        """Deliver and return the receipt; raises Undelivered."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
