"""Messages by HTTP POST, signed, to the address that was checked, following nobody elsewhere."""

import time
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote

from pipeline.alerting.delivery.channel import Parcel, Reason, Undelivered
from pipeline.alerting.delivery.encoding import encoded
from pipeline.alerting.delivery.guard import AddressGuard
from pipeline.alerting.delivery.posting import Answer, Poster
from pipeline.alerting.delivery.signature import HEADER, sign

# These say that this very message will never be taken; everything else may change.
FOR_GOOD = frozenset({400, 410, 413, 422})
PHRASES = {status.value: status.phrase for status in HTTPStatus}
LONGEST_WAIT_S = 3600.0


class Webhook:
    """Posts to one address. 2xx is the receipt; 3xx is a failure, as a redirect could lead to a private address."""

    def __init__(
        self,
        address: str,
        secret: str,
        guard: AddressGuard,
        *,
        timeout_s: float,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._poster = Poster(address, guard, timeout_s=timeout_s)
        self._secret = secret
        self._clock_s = clock_s

    async def send(self, parcel: Parcel) -> str:
        """Post the message; the receipt is the status and the receiver's request id, where it sends one."""
        body = encoded(parcel)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Zhian-Message": quote(parcel.id, safe=""),
            HEADER: sign(self._secret, body, int(self._clock_s())),
        }
        return _receipt(await self._poster.post(body, headers))

    async def close(self) -> None:
        """Close the connections."""
        await self._poster.close()


def _receipt(answer: Answer) -> str:
    code = answer.status
    if 200 <= code < 300:
        return " ".join(filter(None, (f"HTTP {code}", answer.headers.get("x-request-id", "")[:100])))
    detail = f"HTTP {code} {PHRASES.get(code, '')}".strip()
    if 300 <= code < 400:
        raise Undelivered(Reason.FAILING, f"{detail}: redirects are not followed, name the final address")
    if code in FOR_GOOD:
        raise Undelivered(Reason.REJECTED, detail, for_good=True)
    raise Undelivered(Reason.FAILING, detail, wait_s=_asked_wait_s(answer.headers.get("retry-after", "")))


def _asked_wait_s(text: str) -> float | None:
    return min(float(text), LONGEST_WAIT_S) if text.isascii() and text.isdecimal() and len(text) < 10 else None
