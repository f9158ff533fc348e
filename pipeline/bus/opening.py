"""From the word in the configuration to a bus."""

from pipeline.bus.contract import Bus
from pipeline.bus.memory import MemoryBus
from pipeline.bus.redis_streams import RedisBus
from pipeline.errors import BadSettings
from pipeline.settings import MEMORY, REDIS_SCHEMES

HELD_IN_MEMORY = 1_000  # messages of a topic, a few KB each


def is_shared(where: str) -> bool:
    """Tell whether other processes can reach a bus."""
    return where.startswith(REDIS_SCHEMES)


def open_bus(where: str) -> Bus:
    """Return the bus `memory` or the one at a `redis://` or `rediss://` address; raises BadSettings.

    A server that is not there is no error: it may come later.
    """
    if where == MEMORY:
        return MemoryBus(capacity=HELD_IN_MEMORY)
    if not is_shared(where):
        scheme = where.partition("://")[0]
        raise BadSettings(f"bus {scheme!r} is unknown: write `memory` or `redis://HOST:PORT`")
    try:
        return RedisBus(where)
    except ValueError as error:
        raise BadSettings(f"the address of the bus cannot be read: {error}") from error
