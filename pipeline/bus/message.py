"""What travels: a key, a time and a JSON body, in a versioned envelope."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

VERSION = 1

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Topic(StrEnum):
    """What messages are about."""

    SIGHTINGS = "sightings"
    CAMERA_STATES = "camera_states"
    ALERTS = "alerts"


class UnreadableMessage(ValueError):
    """Bytes on the bus are no message, or one of a version this zhian does not know."""


@dataclass(frozen=True, slots=True)
class Message:
    """`key` names what the message is about, such as a camera: messages of one key keep their order.

    `id` is the same whenever the same event is told again, so that a receiver can drop what it knows; `at_ms` (UTC
    epoch ms) is when it happened.
    """

    topic: Topic
    key: str
    id: str
    at_ms: int
    body: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as one consumer got it; `token` is for its acknowledgement; `again`: it was delivered before."""

    token: str
    message: Message
    again: bool = False


def encode(message: Message) -> bytes:
    """Return the envelope as UTF-8 JSON."""
    envelope = {"v": VERSION, "key": message.key, "id": message.id, "at_ms": message.at_ms, "body": dict(message.body)}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def decode(topic: Topic, content: bytes) -> Message:
    """Read an envelope; raises UnreadableMessage. Members it does not know are left alone: later ones may add some."""
    try:
        envelope = json.loads(content)
    except ValueError as error:
        raise UnreadableMessage(f"not JSON: {error}") from error
    if not isinstance(envelope, dict) or envelope.get("v") != VERSION:
        raise UnreadableMessage("not an envelope of version 1: update this zhian")
    key, name, at_ms, body = (envelope.get(member) for member in ("key", "id", "at_ms", "body"))
    if not isinstance(key, str) or not isinstance(name, str) or type(at_ms) is not int or not isinstance(body, dict):
        raise UnreadableMessage("an envelope without key, id, at_ms or body")
    return Message(topic, key, name, at_ms, body)
