"""Messages by HTTP POST, signed, to the address that was checked, following nobody elsewhere."""

import time
from collections.abc import Callable
from http import HTTPStatus

import httpx

from pipeline.alerting.delivery.channel import Parcel, Reason, Undelivered
from pipeline.alerting.delivery.encoding import encoded
from pipeline.alerting.delivery.guard import AddressGuard
from pipeline.alerting.delivery.signature import HEADER, sign

# These say that this very message will never be taken; everything else may change.
FOR_GOOD = frozenset({400, 410, 413, 422})
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
        self._url = httpx.URL(address)
        self._secret = secret
        self._guard = guard
        self._clock_s = clock_s
        self._client = httpx.AsyncClient(timeout=timeout_s, follow_redirects=False, trust_env=False)

    async def send(self, parcel: Parcel) -> str:
        """Post the message; the receipt is the status and the receiver's request id, where it sends one."""
        body = encoded(parcel)
        port = self._url.port or (443 if self._url.scheme == "https" else 80)
        address = await self._guard.address_of(self._url.host, port)
        request = self._client.build_request(
            "POST",
            self._url.copy_with(host=address),
            content=body,
            headers={
                "Host": self._url.netloc.decode().rpartition("@")[2],
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "zhian",
                "Zhian-Message": parcel.id,
                HEADER: sign(self._secret, body, int(self._clock_s())),
            },
            extensions={"sni_hostname": self._url.host},
        )
        return _receipt(await self._answer(request))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = await self._client.send(request, stream=True)
            await answer.aclose()  # whatever else it says, however long, is not read
        except httpx.TimeoutException as error:
            raise Undelivered(Reason.TIMEOUT, "no answer in time") from error
        except httpx.HTTPError as error:
            raise Undelivered(Reason.UNREACHABLE, str(error) or type(error).__name__) from error
        return answer


def _receipt(answer: httpx.Response) -> str:
    code = answer.status_code
    if answer.is_success:
        return " ".join(filter(None, (f"HTTP {code}", answer.headers.get("x-request-id", "")[:100])))
    phrase = HTTPStatus(code).phrase if code in HTTPStatus.__members__.values() else ""
    detail = f"HTTP {code} {phrase}".strip()
    if answer.is_redirect:
        raise Undelivered(Reason.FAILING, f"{detail}: redirects are not followed, name the final address")
    if code in FOR_GOOD:
        raise Undelivered(Reason.REJECTED, detail, for_good=True)
    raise Undelivered(Reason.FAILING, detail, wait_s=_asked_wait_s(answer.headers.get("retry-after", "")))


def _asked_wait_s(text: str) -> float | None:
    return min(float(text), LONGEST_WAIT_S) if text.isascii() and text.isdecimal() and len(text) < 10 else None
