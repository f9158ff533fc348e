"""Logs of a running process: events with fields on stderr, one a line."""

import logging
import sys

import structlog


class _Stderr:
    """Writes to the stderr of the moment, so that a live table and the log share the terminal."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = msg


def log_to_stderr() -> None:
    """Send structlog and the warnings of libraries to stderr: coloured in a terminal, key=value otherwise."""
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if terminal
        else structlog.processors.LogfmtRenderer(key_order=["at", "level", "event"])
    )
    shaping: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        renderer,
    ]
    if not terminal:
        shaping.insert(2, structlog.processors.format_exc_info)
    structlog.configure(
        processors=shaping,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
