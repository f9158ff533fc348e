"""What is known of one camera of a running process."""

from dataclasses import dataclass

from camera_adapters.site import Camera
from camera_adapters.stream_state import StreamState
from pipeline.analysis.latency import Latency
from pipeline.analysis.relief import Step

_UNKNOWN = Latency(None, None)


@dataclass(frozen=True, slots=True)
class CameraReport:
    """A camera's state and counters: received = analysed + dropped + what waits.

    `gated` frames beside these were compared and not analysed, because nothing happened; `idle` is true meanwhile.
    `thinned` frames were left out because the machine has too much to do; `relief` says what has given way.
    Every sighting that began before `watermark_ms` is stored, as of the last beat of the logbook; the newest picture
    was `behind_s` seconds after that then.
    `main` is the state of its main stream where that is read for pictures beside the analysed sub-stream.
    `latency` is from a picture's arrival to its analysis, `stored` to the durable sightings it completed.
    """

    camera: Camera
    state: StreamState
    received: int
    analysed: int
    dropped: int
    sightings: int
    latency: Latency = _UNKNOWN
    stored: Latency = _UNKNOWN
    gated: int = 0
    idle: bool = False
    thinned: int = 0
    relief: Step = Step.NONE
    watermark_ms: int | None = None
    behind_s: float | None = None
    main: StreamState | None = None
