"""How large a picture is, read from its first bytes without decoding it."""

import struct

_JPEG_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_PNG = b"\x89PNG\r\n\x1a\n"


def header_size(encoded: bytes) -> tuple[int, int] | None:
    """Return (width, height) as the header of a JPEG, PNG, BMP or WebP file says; None for anything else or damage."""
    try:
        if encoded.startswith(b"\xff\xd8"):
            return _jpeg(encoded)
        if encoded.startswith(_PNG):
            return struct.unpack_from(">II", encoded, 16)
        if encoded.startswith(b"BM"):
            return _bmp(encoded)
        if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
            return _webp(encoded)
    except (struct.error, IndexError):
        return None
    return None


def _jpeg(encoded: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at < len(encoded):
        if encoded[at] != 0xFF:
            return None
        marker = encoded[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_WITHOUT_LENGTH:
            at += 2
        elif marker in _JPEG_SIZE_MARKERS:
            height, width = struct.unpack_from(">HH", encoded, at + 5)
            return width, height
        else:
            at += 2 + int(struct.unpack_from(">H", encoded, at + 2)[0])
    return None


def _bmp(encoded: bytes) -> tuple[int, int]:
    if struct.unpack_from("<I", encoded, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", encoded, 18)
    else:
        width, height = struct.unpack_from("<ii", encoded, 18)
    return abs(width), abs(height)


def _webp(encoded: bytes) -> tuple[int, int] | None:
    """RFC 9649: extended, lossy and lossless files keep their size in different places."""
    kind = encoded[12:16]
    if kind == b"VP8X":
        return (
            int.from_bytes(encoded[24:27], "little") + 1,
            int.from_bytes(encoded[27:30], "little") + 1,
        )
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", encoded, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", encoded, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None
