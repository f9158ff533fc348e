"""From the word in the configuration to a bus."""

from pipeline.bus.contract import Bus
from pipeline.bus.memory import MemoryBus
from pipeline.bus.redis_streams import RedisBus
from pipeline.errors import BadSettings

MEMORY = "memory"
SCHEMES = ("redis://", "rediss://")


def open_bus(where: str) -> Bus:
    """Return the bus `memory` or the one at a `redis://` or `rediss://` address; raises BadSettings.

    A server that is not there is no error: it may come later.
    """
    if where == MEMORY:
        return MemoryBus()
    if not where.startswith(SCHEMES):
        scheme = where.partition("://")[0]
        raise BadSettings(f"bus {scheme!r} is unknown: write `memory` or `redis://HOST:PORT`")
    try:
        return RedisBus(where)
    except ValueError as error:
        raise BadSettings(f"the address of the bus cannot be read: {error}") from error
