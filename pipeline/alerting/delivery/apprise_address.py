"""Messages to people through Apprise: e-mail, WeCom, DingTalk, Feishu and what else the settings allow."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any
from urllib.parse import urlsplit

from pipeline.alerting.delivery.channel import Parcel, Reason, Undelivered
from pipeline.alerting.delivery.guard import AddressGuard

NOTIFY_TYPES = {"low": "info", "medium": "warning", "high": "failure", "critical": "failure"}


class AppriseAddress:
    """Notifies one Apprise address, in a thread of `threads`: its plug-ins block. Its "done" is the receipt."""

    def __init__(self, address: str, guard: AddressGuard, threads: Executor, *, timeout_s: float) -> None:
        self._address = address
        self._guard = guard
        self._threads = threads
        self._timeout_s = timeout_s
        self._idle: list[Any] = []  # plug-ins are kept: each knows how often its service may be asked

    async def send(self, parcel: Parcel) -> str:
        """Send title, text in both languages, and the picture where the service takes one."""
        for host in self.own_hosts():
            await self._guard.address_of(host, 0)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                sent = await loop.run_in_executor(self._threads, self._notify, parcel)
        except TimeoutError as error:
            raise Undelivered(Reason.TIMEOUT, "the service did not answer in time") from error
        if not sent:
            raise Undelivered(Reason.FAILING, "the service did not take it: the log of zhian says why")
        return f"taken by {urlsplit(self._address).scheme}"

    async def close(self) -> None:
        """Nothing is kept between messages."""

    def _notify(self, parcel: Parcel) -> bool:
        import apprise  # a hundred plug-ins: loaded when the first message goes through them
        from apprise.attachment.memory import AttachMemory

        idle = self._idle.pop() if self._idle else None
        plugin = idle or apprise.Apprise.instantiate(self._address, suppress_exceptions=True)
        if plugin is None:
            return False
        attached = parcel.jpeg is not None and bool(getattr(plugin, "attachment_support", False))
        picture = apprise.AppriseAttachment()
        if attached and parcel.jpeg is not None:
            picture.add(AttachMemory(content=parcel.jpeg, name=f"{parcel.id}.jpg", mimetype="image/jpeg"))  # type: ignore[no-untyped-call]
        sent = bool(
            plugin.notify(
                title=title_of(parcel.body),
                body=text_of(parcel.body),
                notify_type=apprise.NotifyType(NOTIFY_TYPES.get(str(parcel.body.get("severity")), "info")),
                attach=picture if attached else None,
            )
        )
        self._idle.append(plugin)
        return sent

    def complete(self) -> bool:
        """Tell whether Apprise can make something of the address."""
        import apprise

        return apprise.Apprise.instantiate(self._address, suppress_exceptions=True) is not None

    def own_hosts(self) -> list[str]:
        """Return the hosts the address itself names: only those of mail servers."""
        parts = urlsplit(self._address)
        if parts.scheme not in {"mailto", "mailtos"}:
            return []
        options = dict(pair.partition("=")[::2] for pair in parts.query.split("&"))
        return [options.get("smtp") or parts.hostname or ""]


def title_of(body: Mapping[str, Any]) -> str:
    """Return one short line: what, where."""
    place = body.get("camera", {}).get("name") or body.get("community", {}).get("name") or ""
    return " · ".join(filter(None, ("智安 zhian", str(body.get("kind", "")), str(place))))


def text_of(body: Mapping[str, Any]) -> str:
    """Return the text in Chinese and English, the link to the picture, and the ids to answer with."""
    text = body.get("text", {})
    lines = [text.get("zh", ""), text.get("en", ""), body.get("picture") or ""]
    lines.append(f"{body.get('incident') or ''} · {body.get('id', '')}")
    return "\n".join(line for line in lines if line)
