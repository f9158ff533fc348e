"""What a subscriber asks for."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from camera_adapters.masking import MASK
from pipeline.alerting.alert import Severity, Source
from pipeline.alerting.incidents.events import Event
from pipeline.alerting.rules.schedule import Hours

Listed = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=500)]
Urgency = Literal["low", "medium", "high", "critical"]


class Channel(StrEnum):
    """How messages travel."""

    STREAM = "stream"
    WEBHOOK = "webhook"
    MQTT = "mqtt"
    REDIS = "redis"
    APPRISE = "apprise"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Digest(_Strict):
    """After an outage: more than `over` messages, the oldest waiting for `after_s`, are told in one."""

    over: int = Field(default=20, ge=2, le=100_000)
    after_s: float = Field(default=60, ge=0, le=86_400)


class Escalation(_Strict):
    """Nobody acknowledged within `after_s`: the subscription `to` is told, whatever else it asks for."""

    to: str = Field(min_length=1, max_length=64)
    after_s: float = Field(ge=1, le=7 * 86_400)


class Terms(_Strict):
    """One subscription of a person or a system.

    Empty `communities`, `kinds` and `sources` mean any; `severity` means this and above; empty `hours` mean always.
    `updates` is `first` (an incident is told when it opens and when it gets graver) or `every` (each alert and each
    step as well). `address` depends on the channel:

    - stream: none; the subscriber reads /v1/events with the subscription's id
    - webhook: https://HOST/PATH
    - mqtt: mqtt[s]://[USER:PASSWORD@]HOST[:PORT]/TOPIC
    - redis: redis[s]://[:PASSWORD@]HOST[:PORT][/DATABASE]?stream=NAME
    - apprise: an Apprise address, such as wecombot://KEY, dingtalk://TOKEN, feishu://TOKEN, mailtos://…

    `thumbnail` puts a small JPEG (base64) into the message. `digest` null means: a digest for people (apprise), none
    for systems.
    """

    name: str = Field(min_length=1, max_length=100, pattern=r"\S")
    channel: Channel
    address: str = Field(default="", max_length=2000, repr=False)
    communities: Listed = ()
    kinds: Listed = ()
    sources: tuple[Source, ...] = Field(default=(), max_length=10)
    severity: Urgency = "low"
    hours: tuple[Hours, ...] = Field(default=(), max_length=20)
    updates: Literal["first", "every"] = "first"
    thumbnail: bool = True
    digest: Digest | None = None
    escalate: Escalation | None = None

    def wants(self, event: Event) -> bool:
        """Tell whether an event is asked for, whatever the time of day."""
        return (
            event.severity >= Severity[self.severity.upper()]
            and (event.opening or self.updates == "every")
            and (not self.communities or event.community in self.communities)
            and (not self.kinds or event.kind in self.kinds)
            and (not self.sources or event.source in self.sources)
        )

    def open_at(self, at_ms: int) -> bool:
        """Tell whether the hours cover the moment (UTC epoch ms)."""
        return not self.hours or any(part.covers(at_ms) for part in self.hours)

    @property
    def digested(self) -> Digest | None:
        """When messages are put together after an outage; None means never."""
        return self.digest or (Digest() if self.channel is Channel.APPRISE else None)

    @property
    def shown_address(self) -> str:
        """The address without anything secret: scheme and host, for Apprise only the scheme."""
        scheme, mark, rest = self.address.partition("://")
        if not mark:
            return ""
        if self.channel is Channel.APPRISE:
            return f"{scheme}://{MASK}"
        host = rest.partition("/")[0].rpartition("@")[2].partition("?")[0]
        return f"{scheme}://{host}/{MASK}"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Terms as they were accepted. `secret` signs webhooks; `stamp` is another one after every change."""

    id: str
    terms: Terms
    owner: str
    created_ms: int
    stamp: int
    secret: str = field(default="", repr=False)
    muted_since_ms: int | None = None
    muted_until_ms: int | None = None
    muted_by: str = ""
    mute_reason: str = ""

    def muted_at(self, at_ms: int) -> bool:
        """Tell whether nothing is to be told at the moment (UTC epoch ms)."""
        since, until = self.muted_since_ms, self.muted_until_ms
        return since is not None and until is not None and since <= at_ms < until

    def told_of(self, event: Event) -> bool:
        """Tell whether an event is wanted, and was written down when neither a mute nor the hours kept it away."""
        at_ms = event.noted_ms
        return self.terms.wants(event) and not self.muted_at(at_ms) and self.terms.open_at(at_ms)
