"""The site file of a command: where cameras are, and what they are called."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.site_map import SiteMap


def site_of(path: Path | None) -> "SiteMap":
    """Return the map of a configuration, whose secrets need not be set; without one nothing is known."""
    from pipeline.site_map import no_map, site_map

    if path is None:
        return no_map()
    from pipeline.settings_file import load_settings

    return site_map(load_settings(path, secrets=False))
