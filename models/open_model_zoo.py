"""Where Intel's Open Model Zoo keeps its networks."""

from models.card import Release, SourceFile

LICENCE = "Apache-2.0"
LICENCE_URL = "https://github.com/openvinotoolkit/open_model_zoo/blob/master/LICENSE"
_STORAGE = "https://storage.openvinotoolkit.org/repositories/open_model_zoo"


def release(folder: str, network: str, precision: str, xml: str | None, weights: str | None) -> Release:
    """Return the release of `network` in `folder`; `xml` and `weights` are the checksums its makers published."""
    address = f"{_STORAGE}/{folder}/{network}/{precision}/{network}"
    return Release("openvino_ir", (SourceFile(f"{address}.xml", xml), SourceFile(f"{address}.bin", weights)))
