"""Which addresses messages may be sent to: nothing private unless the settings name it.

Names are resolved first and the connection is made to the address that was checked, so that a name which leads
elsewhere a moment later changes nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from pipeline.alerting.delivery.channel import Reason, Undelivered

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Address = IPv4Address | IPv6Address
NAT64 = ip_network("64:ff9b::/96")


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host as the system knows them; raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class AddressGuard:
    """Checks hosts against the networks (with `/`) and host names in `allowed`."""

    def __init__(self, allowed: Sequence[str] = (), *, resolve: Resolve = resolve, timeout_s: float = 5.0) -> None:
        self._networks = [ip_network(entry) for entry in allowed if "/" in entry]
        self._hosts = {entry.lower().rstrip(".") for entry in allowed if "/" not in entry}
        self._resolve = resolve
        self._timeout_s = timeout_s

    async def address_of(self, host: str, port: int) -> str:
        """Return an address of `host` to connect to; raises Undelivered when it has none or one that is private.

        One private address among several refuses the host: which of them a client takes is chance.
        """
        found = [host] if _is_address(host) else await self._addresses(host, port)
        if not found:
            raise Undelivered(Reason.UNREACHABLE, f"the name {host} has no address")
        if host.lower().rstrip(".") not in self._hosts:
            for text in found:
                if not self._may_reach(ip_address(text.partition("%")[0])):
                    raise Undelivered(
                        Reason.REFUSED_ADDRESS,
                        f"{host} is at the private address {text}: list it in `alerting.private_receivers` to allow it",
                    )
        return found[0]

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._resolve(host, port)
        except TimeoutError as error:
            raise Undelivered(Reason.UNREACHABLE, f"the name {host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise Undelivered(Reason.UNREACHABLE, f"the name {host} cannot be resolved") from error

    def _may_reach(self, address: Address) -> bool:
        inner = _embedded(address)
        return (inner.is_global and not inner.is_multicast) or any(inner in network for network in self._networks)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _embedded(address: Address) -> Address:
    """Return the IPv4 address an IPv6 one stands for, where it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
