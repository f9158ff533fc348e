"""After how long a camera's trouble is told."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.alerting.alert import Severity

Patience = Annotated[float, Field(gt=0, le=86_400)]

SEVERITIES = {
    "camera_offline": Severity.HIGH,
    "camera_frozen": Severity.HIGH,
    "camera_covered": Severity.HIGH,
    "camera_moved": Severity.MEDIUM,
    "camera_defocused": Severity.MEDIUM,
}


class HealthSettings(BaseModel):
    """Seconds for which a trouble must last before it is told; it must be gone for as long before it is told again.

    A scene where nothing moves comes out of a codec as the very same picture until the next key frame: frozen_s is
    longer than the longest distance of key frames.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    offline_s: Patience = 30.0
    frozen_s: Patience = 60.0
    covered_s: Patience = 10.0
    moved_s: Patience = 15.0
    defocused_s: Patience = 20.0
