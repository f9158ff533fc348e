"""Free TCP ports of this machine for servers that come, go and come back."""

import random
import socket

_FIRST, _LAST = 20_000, 32_000  # below those that outgoing connections get: a server that is away keeps its port
_random = random.SystemRandom()


def free_port() -> int:
    """Return a port nobody listens at; another program can still take it before the caller does."""
    for _ in range(1_000):
        port = _random.randint(_FIRST, _LAST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no port from {_FIRST} to {_LAST} is free")


def answers(port: int) -> bool:
    """Tell whether somebody listens at the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
