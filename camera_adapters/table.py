"""Which adapter reads which kind of source: the one place to add a protocol."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from camera_adapters.adapter import Adapter
from camera_adapters.address import scheme_of
from camera_adapters.errors import BadSource
from camera_adapters.file import FileAdapter
from camera_adapters.masking import mask
from camera_adapters.rtsp import RtspAdapter
from camera_adapters.site import Camera

ADAPTERS: Mapping[str, Callable[[], Adapter]] = MappingProxyType(
    {
        "rtsp": RtspAdapter,
        "rtsps": RtspAdapter,
        "file": FileAdapter,
        "": FileAdapter,  # a path
    }
)


def adapter_for(camera: Camera) -> Adapter:
    """Return a new adapter for what `camera` decodes; raises BadSource when no adapter knows the scheme."""
    scheme = scheme_of(camera.analysed_source)
    if scheme not in ADAPTERS:
        known = ", ".join(f"{name}://" for name in ADAPTERS if name)
        raise BadSource(f"{mask(camera.analysed_source)}: no adapter reads {scheme}://, only {known} and paths")
    return ADAPTERS[scheme]()
