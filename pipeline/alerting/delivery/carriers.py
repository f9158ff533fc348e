"""The one table from a channel to what carries it, and the check of addresses before they are accepted."""

import asyncio
from concurrent.futures import Executor
from urllib.parse import parse_qs, unquote, urlsplit

from pipeline.alerting.delivery.apprise_address import AppriseAddress
from pipeline.alerting.delivery.channel import Carrier, Reason, Undelivered
from pipeline.alerting.delivery.guard import AddressGuard
from pipeline.alerting.delivery.mqtt import MqttTopic
from pipeline.alerting.delivery.redis_stream import RedisStream
from pipeline.alerting.delivery.webhook import Webhook
from pipeline.alerting.settings import AlertingSettings
from pipeline.alerting.subscriptions.terms import Channel, Subscription, Terms
from pipeline.errors import AddressRefused, BadSubscription

SCHEMES = {
    Channel.WEBHOOK: ("https", "http"),
    Channel.MQTT: ("mqtt", "mqtts"),
    Channel.REDIS: ("redis", "rediss"),
}
# How many messages of different incidents are under way to one subscriber at the same time.
AT_ONCE = {Channel.WEBHOOK: 8, Channel.MQTT: 16, Channel.REDIS: 16, Channel.APPRISE: 4}


class Carriers:
    """Makes carriers with the settings' guard and timeouts, and checks addresses for them."""

    def __init__(self, settings: AlertingSettings, threads: Executor, guard: AddressGuard | None = None) -> None:
        self._settings = settings
        self._threads = threads
        self._guard = guard or AddressGuard(settings.private_receivers)

    def carrier(self, subscription: Subscription) -> Carrier:
        """Return a new carrier; call it on the event loop that uses it. A stream needs none."""
        terms, timeout_s = subscription.terms, self._settings.timeout_s
        match terms.channel:
            case Channel.WEBHOOK:
                return Webhook(terms.address, subscription.secret, self._guard, timeout_s=timeout_s)
            case Channel.MQTT:
                return MqttTopic(terms.address, self._guard, timeout_s=timeout_s)
            case Channel.REDIS:
                return RedisStream(terms.address, self._guard, timeout_s=timeout_s)
            case Channel.APPRISE:
                return AppriseAddress(terms.address, self._guard, self._threads, timeout_s=max(timeout_s, 20))
            case Channel.STREAM:
                raise ValueError("a stream is read by its subscriber")

    def check(self, terms: Terms) -> None:
        """Raise BadSubscription when the address cannot be used, AddressRefused when it is private."""
        if terms.channel is Channel.STREAM:
            if terms.address:
                raise BadSubscription("a stream has no address: its subscriber reads /v1/events")
            return
        if any(letter.isspace() or not letter.isprintable() for letter in terms.address):
            raise BadSubscription("the address holds a blank or a control character")
        host = self._host_of_apprise(terms) if terms.channel is Channel.APPRISE else _host_of(terms)
        if host:
            try:
                asyncio.run(self._guard.address_of(host, 0))
            except Undelivered as error:
                kind = AddressRefused if error.reason is Reason.REFUSED_ADDRESS else BadSubscription
                raise kind(error.detail) from error

    def _host_of_apprise(self, terms: Terms) -> str:
        scheme = urlsplit(terms.address).scheme
        allowed = self._settings.apprise_schemes
        if scheme not in allowed:
            raise BadSubscription(f"apprise addresses may begin with {', '.join(a + '://' for a in allowed)}")
        carrier = AppriseAddress(terms.address, self._guard, self._threads, timeout_s=self._settings.timeout_s)
        if not carrier.complete():
            raise BadSubscription(f"this {scheme}:// address is not complete: see the Apprise documentation")
        return next(iter(carrier.own_hosts()), "")


def _host_of(terms: Terms) -> str:
    """Return the host an address leads to; raises BadSubscription when the address is not whole."""
    schemes = SCHEMES[terms.channel]
    try:
        parts = urlsplit(terms.address)
        port = parts.port
    except ValueError as error:
        raise BadSubscription(f"the address cannot be read: {error}") from error
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise BadSubscription(f"a {terms.channel} address begins with {' or '.join(s + '://HOST' for s in schemes)}")
    if "#" in terms.address and terms.channel is not Channel.MQTT:
        raise BadSubscription("the address holds a #: leave out what follows it, or write %23 for one in a password")
    if terms.channel is Channel.MQTT and ("#" in terms.address or not _is_topic(unquote(parts.path.lstrip("/")))):
        raise BadSubscription("an MQTT address ends with the topic, without # and +, as in mqtt://HOST/zhian/alerts")
    if terms.channel is Channel.REDIS:
        if not parse_qs(parts.query).get("stream"):
            raise BadSubscription("a Redis address names the stream, as in redis://HOST/0?stream=zhian.alerts")
        if not (parts.path.lstrip("/") or "0").isdecimal():
            raise BadSubscription("the path of a Redis address is the number of a database, as in redis://HOST/0")
    return parts.hostname


def _is_topic(topic: str) -> bool:
    """Tell whether one can publish to it: `#` and `+` stand for many topics."""
    return bool(topic) and len(topic) <= 500 and not set(topic) & set("#+\0")
