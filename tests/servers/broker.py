"""A real MQTT broker for tests, and a listener that keeps what it receives."""

import subprocess
import threading
import time
from pathlib import Path
from typing import Self

import paho.mqtt.client as mqtt

from tests.servers.ports import answers, free_port


class Broker:
    """A mosquitto process on a port of its own; `kill` is -9."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def start(self) -> Self:
        """Start and wait until it answers."""
        place = self._folder / "mosquitto.conf"
        place.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
        self._process = subprocess.Popen([self._program, "-c", str(place)], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while not answers(self.port):
            assert time.monotonic() < until, "mosquitto did not start"
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """Kill -9 and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Listener:
    """Subscribes to a topic and keeps when each message came, and what it was."""

    def __init__(self, port: int, topic: str) -> None:
        self.received: list[tuple[float, bytes]] = []
        self._topic = topic
        self._ready = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _client, _user, message: self.received.append((time.time(), message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(10)

    def close(self) -> None:
        """Stop listening."""
        self._client.disconnect()
        self._client.loop_stop()
