"""Why a camera gives no frames.

SourceError
├── Refused            nobody listens, name unknown, path unknown
├── Unauthorised       wrong or missing password: not to be hammered
├── TimedOut           no answer, or a stall in mid-stream
├── EndOfStream        a live stream ended; for live cameras a failure even without an exception
├── DecodeFailed       nothing decodable for too long, or a damaged file
├── Overloaded         this machine has no room for the camera now
├── NoVideo            the address answers but has no video stream
└── BadSource          not a source at all: unknown scheme, missing or empty file, not a video
"""

from enum import StrEnum


class Reason(StrEnum):
    """Reason codes of a stream state, the same in API, logs and metrics."""

    REFUSED = "refused"
    UNAUTHORISED = "unauthorised"
    TIMEOUT = "timeout"
    END_OF_STREAM = "end_of_stream"
    DECODE_ERROR = "decode_error"
    NO_VIDEO = "no_video"
    BAD_SOURCE = "bad_source"
    OVERLOADED = "overloaded"
    ASKED = "asked"


class SourceError(Exception):
    """A camera cannot be read; `reason` says why, the message is one sentence without credentials."""

    reason: Reason = Reason.DECODE_ERROR


class Refused(SourceError):
    """Nobody listens at the address, or it has no such path."""

    reason = Reason.REFUSED


class Unauthorised(SourceError):
    """The camera wants another user name or password."""

    reason = Reason.UNAUTHORISED


class TimedOut(SourceError):
    """No answer within the time allowed."""

    reason = Reason.TIMEOUT


class EndOfStream(SourceError):
    """The live stream ended."""

    reason = Reason.END_OF_STREAM


class DecodeFailed(SourceError):
    """The stream or file holds nothing decodable."""

    reason = Reason.DECODE_ERROR


class NoVideo(SourceError):
    """The source answers but carries no video."""

    reason = Reason.NO_VIDEO


class Overloaded(SourceError):
    """The camera works; this machine has no room for it now."""

    reason = Reason.OVERLOADED


class BadSource(SourceError):
    """Not a source: unknown scheme, missing or empty file, not a video."""

    reason = Reason.BAD_SOURCE
