"""`zhian listen`: what travels on the bus, as lines of JSON; a second process beside `zhian run`."""

import json
import os
import socket
from typing import Annotated

import typer

from search_api.cli.signals import StopSignal

AT_ONCE = 100
WAIT_S = 0.5


def listen(
    bus: Annotated[str, typer.Argument(metavar="URL", help="redis://HOST:PORT, as `bus` of the configuration.")],
    topic: Annotated[str, typer.Option(help="sightings, camera_states or alerts.")] = "alerts",
    group: Annotated[str, typer.Option(help="Members of a group share the messages; each group gets all.")] = "listen",
    oldest: Annotated[bool, typer.Option("--oldest", help="A new group begins with the oldest message.")] = False,
    count: Annotated[int, typer.Option(min=0, help="End after so many; 0: until Ctrl-C.")] = 0,
) -> None:
    """Print messages as they come: {"topic","key","id","at_ms","again","body"}; each is acknowledged once printed.

    \b
    Example: zhian listen redis://127.0.0.1:6379 --topic alerts
    """
    from pipeline.bus import Start, Topic, open_bus
    from pipeline.bus.opening import is_shared
    from search_api.errors import BadInput

    known = [str(each) for each in Topic]
    if topic not in known:
        raise BadInput(f"unknown topic {topic!r}: there are {', '.join(known)}")
    if not is_shared(bus):
        raise BadInput("only a bus on Redis has other listeners: give its address, redis://HOST:PORT")
    opened = open_bus(bus)
    try:
        start = Start.OLDEST if oldest else Start.NEW
        reader = opened.subscribe(Topic(topic), group, f"{socket.gethostname()}-{os.getpid()}", start=start)
        printed = 0
        with StopSignal() as stop:
            while not stop.wait(0) and (not count or printed < count):
                taken = reader.take(min(AT_ONCE, count - printed) if count else AT_ONCE, WAIT_S)
                for each in taken:
                    message = each.message
                    line = {
                        "topic": topic,
                        "key": message.key,
                        "id": message.id,
                        "at_ms": message.at_ms,
                        "again": each.again,
                        "body": dict(message.body),
                    }
                    typer.echo(json.dumps(line, ensure_ascii=False))
                reader.ack(taken)
                printed += len(taken)
        reader.close()
    finally:
        opened.close()
