"""What FFmpeg says about a camera, in our words."""

import errno

import av.error
from av.error import FFmpegError

from camera_adapters.errors import (
    BadSource,
    DecodeFailed,
    EndOfStream,
    NoVideo,
    Refused,
    SourceError,
    TimedOut,
    Unauthorised,
)

_UNREACHABLE = {
    errno.EIO: "its name is unknown or it hung up",  # FFmpeg says EIO for a name that does not resolve
    errno.EHOSTUNREACH: "there is no route to it",
    errno.ENETUNREACH: "there is no route to it",
    errno.EADDRNOTAVAIL: "there is no route to it",
    errno.EHOSTDOWN: "there is no route to it",
}

_WHILE_OPENING: tuple[tuple[type[FFmpegError], type[SourceError], str], ...] = (
    (av.error.HTTPUnauthorizedError, Unauthorised, "{place} wants another user name or password"),
    (av.error.HTTPForbiddenError, Unauthorised, "{place} forbids this user to watch"),
    (av.error.HTTPNotFoundError, Refused, "{place} has no such path"),
    (av.error.HTTPBadRequestError, Refused, "{place} calls the request bad"),
    (av.error.HTTPClientError, Refused, "{place} refused the request; try the other transport (tcp or udp)"),
    (av.error.HTTPServerError, Refused, "{place} cannot serve the stream now"),
    (av.error.ConnectionRefusedError, Refused, "nobody listens at {place}"),
    (av.error.ConnectionResetError, Refused, "{place} hung up while connecting"),
    (av.error.ConnectionAbortedError, Refused, "{place} hung up while connecting"),
    (av.error.BrokenPipeError, Refused, "{place} hung up while connecting"),
    (av.error.EOFError, Refused, "{place} hung up while connecting"),
    (av.error.ProtocolNotFoundError, BadSource, "{place}: this build of FFmpeg does not speak the protocol"),
    (av.error.DecoderNotFoundError, DecodeFailed, "{place} sends a codec that cannot be decoded"),
    (av.error.LookupError, NoVideo, "{place} carries no video"),
    (av.error.InvalidDataError, BadSource, "{place} answers, but not as a camera does"),
    (av.error.ArgumentError, BadSource, "{place} is not an address that can be opened"),
)

_WHILE_READING: tuple[tuple[type[FFmpegError], type[SourceError], str], ...] = (
    (av.error.HTTPUnauthorizedError, Unauthorised, "{place} no longer accepts the password"),
    (av.error.InvalidDataError, DecodeFailed, "{place} sends what cannot be decoded"),
)


def timed_out(error: FFmpegError) -> bool:
    """Tell whether FFmpeg gave up waiting: its own time limit, or our interruption of a call that hangs."""
    return isinstance(error, av.error.TimeoutError | av.error.ExitError) or error.errno == errno.ETIMEDOUT


def failure_to_open(error: FFmpegError, place: str) -> SourceError:
    """Return the SourceError for a live source that could not be opened; `place` is its masked address."""
    if timed_out(error):
        return TimedOut(f"no answer from {place}")
    if found := _first(_WHILE_OPENING, error, place):
        return found
    why = _UNREACHABLE.get(error.errno or 0, f"FFmpeg says {str(error.strerror).lower()!r}")
    return Refused(f"{place} cannot be reached: {why}")


def failure_to_read(error: FFmpegError, place: str) -> SourceError:
    """Return the SourceError for a live source that failed in mid-stream."""
    if timed_out(error):
        return TimedOut(f"{place} stopped sending")
    return _first(_WHILE_READING, error, place) or EndOfStream(f"{place} hung up")


def _first(
    rows: tuple[tuple[type[FFmpegError], type[SourceError], str], ...], error: FFmpegError, place: str
) -> SourceError | None:
    for kind, ours, sentence in rows:
        if isinstance(error, kind):
            return ours(sentence.format(place=place))
    return None
