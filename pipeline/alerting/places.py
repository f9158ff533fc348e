"""Where a camera is, as people call it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from camera_adapters.site import Camera, Community


@dataclass(frozen=True, slots=True)
class Places:
    """The names of cameras and communities; what has no name is called by its id."""

    cameras: Mapping[str, Camera] = field(default_factory=dict)
    communities: Mapping[str, Community] = field(default_factory=dict)

    @classmethod
    def of(cls, site: tuple[Sequence[Community], Sequence[Camera]]) -> "Places":
        """Return the places of a site, as `Settings.site` gives it."""
        communities, cameras = site
        return cls({c.id: c for c in cameras}, {c.id: c for c in communities})

    def camera(self, camera_id: str) -> str:
        """Return the name of a camera."""
        known = self.cameras.get(camera_id)
        return known.name if known and known.name else camera_id

    def gate(self, camera_id: str) -> str:
        """Return the gate a camera belongs to, "" when it belongs to none."""
        known = self.cameras.get(camera_id)
        return known.gate if known else ""

    def community(self, community_id: str) -> str:
        """Return the name of a community."""
        known = self.communities.get(community_id)
        return known.name if known and known.name else community_id
