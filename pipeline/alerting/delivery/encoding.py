"""A parcel as bytes, never larger than a receiver may be expected to take."""

import base64
import json

from pipeline.alerting.delivery.channel import Parcel

LARGEST_MESSAGE = 64_000  # bytes


def encoded(parcel: Parcel) -> bytes:
    """Return the JSON of a parcel in UTF-8, with the picture as base64 in `thumbnail` where there is room for it.

    What does not fit is left out in this order: the picture, the facts.
    """
    body = dict(parcel.body)
    if parcel.jpeg is not None:
        whole = _json(body | {"thumbnail": base64.b64encode(parcel.jpeg).decode()})
        if len(whole) <= LARGEST_MESSAGE:
            return whole
    plain = _json(body)
    return plain if len(plain) <= LARGEST_MESSAGE else _json(body | {"facts": {}})


def _json(body: dict[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
