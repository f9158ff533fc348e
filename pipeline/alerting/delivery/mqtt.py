"""Messages to a topic of an MQTT broker, at least once (QoS 1)."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from urllib.parse import unquote, urlsplit

import aiomqtt

from pipeline.alerting.delivery.channel import Parcel, Reason, Undelivered
from pipeline.alerting.delivery.encoding import encoded
from pipeline.alerting.delivery.guard import AddressGuard

MANY = 100  # messages under way before aiomqtt warns
PORTS = {"mqtt": 1883, "mqtts": 8883}


class MqttTopic:
    """Publishes to the topic in `mqtt[s]://[USER:PASSWORD@]HOST[:PORT]/TOPIC`; the broker's PUBACK is the receipt."""

    def __init__(self, address: str, guard: AddressGuard, *, timeout_s: float) -> None:
        self._parts = urlsplit(address)
        self._topic = unquote(self._parts.path.lstrip("/"))
        self._guard = guard
        self._timeout_s = timeout_s
        self._client: aiomqtt.Client | None = None
        self._open = AsyncExitStack()
        self._connecting = asyncio.Lock()

    async def send(self, parcel: Parcel) -> str:
        """Publish and wait for the broker's acknowledgement."""
        try:
            async with asyncio.timeout(self._timeout_s):
                client = await self._connected()
                await client.publish(self._topic, encoded(parcel), qos=1, timeout=self._timeout_s)
        except TimeoutError as error:
            await self.close()
            raise Undelivered(Reason.TIMEOUT, "the broker did not acknowledge in time") from error
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            await self.close()
            raise Undelivered(Reason.UNREACHABLE, str(error)) from error
        return f"acknowledged by the broker, topic {self._topic}"

    async def close(self) -> None:
        """Disconnect; a broker that does not answer is left alone."""
        self._client = None
        was, self._open = self._open, AsyncExitStack()
        try:
            async with asyncio.timeout(1):
                await was.aclose()
        except (aiomqtt.MqttError, OSError, TimeoutError):
            return

    async def _connected(self) -> aiomqtt.Client:
        async with self._connecting:
            if self._client is None:
                client = await self._dial()
                client.pending_calls_threshold = MANY
                self._client = await self._open.enter_async_context(client)
            return self._client

    async def _dial(self) -> aiomqtt.Client:
        host, secure = self._parts.hostname or "", self._parts.scheme == "mqtts"
        port = self._parts.port or PORTS[self._parts.scheme]
        checked = await self._guard.address_of(host, port)
        return aiomqtt.Client(
            # A certificate belongs to the name, and proves that nobody else answers to it.
            host if secure else checked,
            port,
            username=unquote(self._parts.username) if self._parts.username else None,
            password=unquote(self._parts.password) if self._parts.password else None,
            tls_context=ssl.create_default_context() if secure else None,
            timeout=self._timeout_s,
        )
