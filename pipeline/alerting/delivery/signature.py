"""The signature of a webhook: who has the secret can tell that a message is ours, whole and fresh.

The header `Zhian-Signature` is `t=SECONDS,v1=HEX`: SECONDS is the Unix time of this attempt, HEX the HMAC-SHA256 with
the subscription's secret over `SECONDS.BODY`, BODY being the bytes of the request. A receiver recomputes it, compares
in constant time, refuses what is older or newer than five minutes, and drops a message whose `id` it has seen within
that window: then nothing can be forged or replayed.
"""

import hashlib
import hmac

HEADER = "Zhian-Signature"
REPLAY_WINDOW_S = 300


def sign(secret: str, body: bytes, at_s: int) -> str:
    """Return the value of the header for a body sent at `at_s` (Unix time)."""
    return f"t={at_s},v1={_digest(secret, body, at_s)}"


def verify(secret: str, header: str, body: bytes, now_s: float, window_s: float = REPLAY_WINDOW_S) -> bool:
    """Tell whether the header fits the body and is fresh; never raises on what a stranger may send."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    stamp, presented = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12 and presented.isascii()):
        return False
    fresh = abs(now_s - int(stamp)) <= window_s
    return hmac.compare_digest(_digest(secret, body, int(stamp)), presented) and fresh


def _digest(secret: str, body: bytes, at_s: int) -> str:
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
