"""Many messages in one: after an outage people get a summary, not a storm."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.alerting.delivery.channel import Parcel
from pipeline.alerting.delivery.outbox import Letter
from pipeline.alerting.subscriptions.terms import Digest
from pipeline.alerting.wording import text_of_digest

SHOWN = 20  # messages told with their text; of the others the ids are listed
MOST = 500  # messages in one digest


def due(terms: Digest | None, letters: Sequence[Letter], now_ms: int) -> bool:
    """Tell whether letters that wait are to be told in one message."""
    if terms is None or len(letters) <= terms.over:
        return False
    return now_ms - min(letter.noted_ms for letter in letters) >= terms.after_s * 1000


def name_of(letters: Sequence[Letter]) -> str:
    """Return the id of a digest: the same for the same letters."""
    text = "\x1f".join(str(letter.id) for letter in letters)
    return f"digest-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def parcel_of(letters: Sequence[Letter]) -> Parcel:
    """Return one message for letters that were bundled, oldest first; `messages` lists the id of each."""
    bodies: list[dict[str, Any]] = [json.loads(letter.body) for letter in letters]
    counts = Counter(str(body["kind"]) for body in bodies)
    shown = [{name: body[name] for name in ("id", "incident", "at", "severity", "text")} for body in bodies[-SHOWN:]]
    body = {
        "id": letters[0].digest,
        "event": "digest",
        "incident": None,
        "kind": "digest",
        "severity": max((body["severity"] for body in bodies), key=["low", "medium", "high", "critical"].index),
        "at": bodies[-1]["at"],
        "at_ms": bodies[-1]["at_ms"],
        "counts": dict(counts),
        "messages": [letter.event_id for letter in letters],
        "newest": shown,
        "text": text_of_digest(counts),
    }
    return Parcel(letters[0].digest, "", body)
