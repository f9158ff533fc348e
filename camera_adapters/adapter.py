"""The contract of every camera protocol."""

from collections.abc import Iterator
from typing import Protocol

from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera


class Adapter(Protocol):
    """Reads one source once. It blocks, raises and never retries.

    - `frames` opens the source at the first `next` and yields Frames at `camera.analysis_fps`, oldest first.
    - every failure is a SourceError with a reason; no other exception leaves the adapter.
    - a live source never ends quietly: its end is EndOfStream. A recording that is used up ends the iterator.
    - frames of one connection, or of one recording of a folder, share one `session`; `seq` grows within it and
      `captured_at_ms` never goes backwards in a call.
    - closing the iterator releases sockets, threads and memory.
    - credentials appear in no message and no repr.
    - `corrupt_packets` counts what could not be decoded and was skipped, over all calls.
    """

    live: bool
    corrupt_packets: int

    def frames(self, camera: Camera, request: FrameRequest) -> Iterator[Frame]:
        """Open and read `camera` until it ends, fails or the iterator is closed."""
        ...
