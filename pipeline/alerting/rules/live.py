"""From an analysed frame and its tracks to the scene that rules are shown."""

import numpy as np

from camera_adapters.frame import Frame
from pipeline.alerting.rules.scene import Around, Scene
from pipeline.analysis.tracking import Tracks


def scene_of(frame: Frame, tracks: Tracks) -> Scene:
    """Return the confirmed tracks that were really seen in the frame."""
    seen = tracks.confirmed & (tracks.detection >= 0)
    return Scene(
        frame=frame.seq + 1,
        t_ms=frame.captured_at_ms,
        track_id=tracks.track_id[seen],
        class_id=tracks.class_id[seen],
        xyxy=tracks.xyxy[seen].astype(np.float64),
        frame_size=frame.source_size,
        ended=tracks.ended,
        image=frame.image,
        around=Around(tracks.track_id, tracks.class_id, tracks.xyxy.astype(np.float64)),
    )
