"""Sightings, camera states and alerts as messages, and back."""

import base64
import json
from collections.abc import Mapping

import numpy as np

from camera_adapters.stream_state import StreamState
from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.alerting.incidents.events import Event
from pipeline.archive.contract import Stored
from pipeline.bus.message import Json, Message, Topic, UnreadableMessage
from pipeline.sighting import Shot, Sighting, TrackletKey

STORED = np.dtype("<f4")


def sighting_message(stored: Stored) -> Message:
    """Return a stored sighting with its vector (float32, little-endian, base64); the picture stays in the archive."""
    sighting, shot = stored.sighting, stored.sighting.shot
    body: dict[str, Json] = {
        "sighting": sighting.id,
        "revision": sighting.revision,
        "open": sighting.open,
        "kind": str(sighting.kind),
        "camera": sighting.key.camera_id,
        "session": sighting.key.session,
        "track": sighting.key.track_id,
        "community": sighting.community,
        "first_seen_ms": sighting.first_seen_ms,
        "last_seen_ms": sighting.last_seen_ms,
        "shot": {
            "at_ms": shot.captured_at_ms,
            "box": [float(value) for value in shot.xyxy],
            "score": float(shot.score),
            "quality": float(shot.quality),
        },
        "frame_size": list(sighting.frame_size),
        "frames": sighting.frames,
        "attributes": dict(sighting.attributes),
        "attribute_confidence": dict(sighting.attribute_confidence),
        "space": str(stored.space),
        "vector": base64.b64encode(stored.vector.astype(STORED).tobytes()).decode("ascii"),
    }
    name = f"{sighting.id}.{sighting.revision}"
    return Message(Topic.SIGHTINGS, sighting.key.camera_id, name, sighting.last_seen_ms, body)


def stored_of(message: Message) -> Stored:
    """Read a sighting; raises UnreadableMessage."""
    try:
        return _stored(message.body)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableMessage(f"message {message.id} holds no sighting: {error!r}") from error


def state_message(state: StreamState) -> Message:
    """Return a camera's state as it changed."""
    body: dict[str, Json] = {
        "camera": state.camera_id,
        "status": str(state.status),
        "reason": None if state.reason is None else str(state.reason),
        "detail": state.detail,
        "since_ms": state.since_ms,
        "last_frame_ms": state.last_frame_ms,
        "failures": state.failures,
    }
    name = f"{state.camera_id}.{state.since_ms}.{state.status}.{state.reason or ''}"
    return Message(Topic.CAMERA_STATES, state.camera_id, name, state.since_ms, body)


def alert_message(event: Event) -> Message:
    """Return a line of the log of alerting, what subscribers are told: messages of one incident keep their order."""
    body: dict[str, Json] = json.loads(event.body)
    at_ms = body.get("at_ms")
    return Message(Topic.ALERTS, event.incident_id, event.id, at_ms if isinstance(at_ms, int) else event.noted_ms, body)


def _stored(body: Mapping[str, Json]) -> Stored:
    read: dict[str, object] = dict(body)
    shot, size = body["shot"], body["frame_size"]
    attributes, confidence = body.get("attributes", {}), body.get("attribute_confidence", {})
    if not (isinstance(shot, dict) and isinstance(size, list) and isinstance(attributes, dict)):
        raise TypeError("shot, frame_size and attributes")
    left, top, right, bottom = (float(_number(value)) for value in _list(shot["box"]))
    sighting = Sighting(
        id=str(read["sighting"]),
        key=TrackletKey(str(read["camera"]), str(read["session"]), int(_number(read["track"]))),
        kind=Kind(str(read["kind"])),
        community=str(read["community"]),
        first_seen_ms=int(_number(read["first_seen_ms"])),
        last_seen_ms=int(_number(read["last_seen_ms"])),
        shot=Shot(
            int(_number(shot["at_ms"])),
            (left, top, right, bottom),
            float(_number(shot["score"])),
            float(_number(shot["quality"])),
        ),
        frame_size=(int(_number(size[0])), int(_number(size[1]))),
        frames=int(_number(read["frames"])),
        revision=int(_number(read["revision"])),
        open=bool(read["open"]),
        attributes={name: str(value) for name, value in attributes.items()},
        attribute_confidence={name: float(_number(v)) for name, v in dict(_dict(confidence)).items()},
    )
    space = EmbeddingSpace.parse(str(read["space"]))
    vector = np.frombuffer(base64.b64decode(str(read["vector"]), validate=True), STORED).astype(np.float32)
    if vector.shape != (space.dim,):
        raise ValueError(f"a vector {vector.shape} of the space {space}")
    return Stored(sighting, vector, space)


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def _dict(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no mapping")
    return value
