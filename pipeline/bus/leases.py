"""Who of a group reads which partition: shared fairly, one reader at a time, taken over from the dead."""

from collections.abc import Collection

import redis

from pipeline.bus.link import Link

# KEYS: the living consumers (sorted set, score: until when), the owners (hash, partition → consumer).
# ARGV: consumer, lease in ms, number of partitions, then the partitions it is not done with.
# An owner that is not among the living owns nothing. Whoever has more than a fair share gives back what is done.
_RENEW = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local fair = math.ceil(ARGV[3] / redis.call('ZCARD', KEYS[1]))
local busy = {}
for i = 4, #ARGV do busy[ARGV[i]] = true end
local mine, free = {}, {}
for p = 0, ARGV[3] - 1 do
  local owner = redis.call('HGET', KEYS[2], p)
  if owner == ARGV[1] then mine[#mine + 1] = p
  elseif not owner or not redis.call('ZSCORE', KEYS[1], owner) then free[#free + 1] = p end
end
local kept, surplus = {}, #mine - fair
for _, p in ipairs(mine) do
  if surplus > 0 and not busy[tostring(p)] then
    redis.call('HDEL', KEYS[2], p)
    surplus = surplus - 1
  else kept[#kept + 1] = p end
end
for _, p in ipairs(free) do
  if #kept >= fair then break end
  redis.call('HSET', KEYS[2], p, ARGV[1])
  kept[#kept + 1] = p
end
return kept
"""
_RELEASE = """
redis.call('ZREM', KEYS[1], ARGV[1])
for p = 0, ARGV[2] - 1 do
  if redis.call('HGET', KEYS[2], p) == ARGV[1] then redis.call('HDEL', KEYS[2], p) end
end
return 1
"""


class Leases:
    """The partitions that one consumer of a group may read now."""

    def __init__(self, link: Link, prefix: str, consumer: str, partitions: int, lease_s: float) -> None:
        self._link = link
        self._keys = (f"{prefix}:living", f"{prefix}:owners")
        self._consumer = consumer
        self._partitions = partitions
        self._lease_ms = round(lease_s * 1000)

    def renew(self, busy: Collection[int], patience_s: float) -> list[int]:
        """Return the partitions owned for the next lease; raises BusUnavailable."""

        def ask(client: redis.Redis) -> list[int]:
            arguments = [self._consumer, *map(str, (self._lease_ms, self._partitions, *sorted(busy)))]
            found: list[int] = client.eval(_RENEW, 2, *self._keys, *arguments)
            return sorted(int(each) for each in found)

        return self._link.call(ask, patience_s)

    def release(self, patience_s: float) -> None:
        """Own nothing any more; raises BusUnavailable."""
        self._link.call(
            lambda client: client.eval(_RELEASE, 2, *self._keys, self._consumer, self._partitions), patience_s
        )
