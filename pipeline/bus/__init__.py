"""Messages between threads and processes: one contract, in memory or over Redis Streams."""

from pipeline.bus.contract import Bus, BusCounters, Start, Subscription
from pipeline.bus.memory import MemoryBus
from pipeline.bus.message import Delivery, Message, Topic
from pipeline.bus.opening import open_bus

__all__ = ["Bus", "BusCounters", "Delivery", "MemoryBus", "Message", "Start", "Subscription", "Topic", "open_bus"]
