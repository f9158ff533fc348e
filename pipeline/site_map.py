"""The site as a map: which cameras there are, where, and how far it is between them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_adapters.site import Position
from pipeline.trajectory.graph import CameraGraph
from pipeline.trajectory.travel import Travel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class SiteMap:
    """`names` by camera id, for people, of those that have one; `communities` by camera id the id of the community,
    `community_names` by that id what people call it.
    """

    graph: CameraGraph
    travel: Travel = field(default_factory=Travel)
    names: "Mapping[str, str]" = field(default_factory=dict)
    communities: "Mapping[str, str]" = field(default_factory=dict)
    community_names: "Mapping[str, str]" = field(default_factory=dict)


def no_map() -> SiteMap:
    """Return the map of a site nobody has described: every way is unknown."""
    return SiteMap(CameraGraph.of((), {}, ()))


def site_map(settings: "Settings") -> SiteMap:
    """Return the map of a configuration; a camera without a position is where its gate is."""
    gates = {(gate.community, gate.id): gate.position for gate in settings.gates}
    positions: dict[str, Position] = {}
    for camera in settings.cameras:
        place = camera.position or gates.get((camera.community, camera.gate))
        if place is not None:
            positions[camera.id] = place.position()
    travel = settings.travel.travel()
    ids = [camera.id for camera in settings.cameras]
    graph = CameraGraph.of(ids, positions, [path.way() for path in settings.paths], detour=travel.detour)
    return SiteMap(
        graph,
        travel,
        names={camera.id: camera.name for camera in settings.cameras if camera.name},
        communities={camera.id: camera.community for camera in settings.cameras if camera.community},
        community_names={each.id: each.name for each in settings.communities if each.name},
    )
