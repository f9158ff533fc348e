"""Where a search looks: the filter that words narrow, checked against what the archive knows."""

from collections.abc import Sequence

from models.embeddings import EmbeddingSpace
from models.errors import SpaceMismatch
from models.kinds import Kind
from pipeline.archive.contract import Archive, SightingFilter
from pipeline.errors import BadTimeRange, UnknownCamera, UnknownCommunity
from pipeline.words import Parse


def narrowed(where: SightingFilter, words: Parse) -> SightingFilter:
    """Return the filter with what the words say of kind, time and place, where it says nothing itself."""
    said = words.where
    return SightingFilter(
        kind=where.kind or said.kind,
        from_ms=said.from_ms if where.from_ms is None else where.from_ms,
        to_ms=said.to_ms if where.to_ms is None else where.to_ms,
        cameras=where.cameras or said.cameras,
        communities=where.communities or said.communities,
    )


def check_filter(where: SightingFilter, known_cameras: Sequence[str], known_communities: Sequence[str]) -> None:
    """Raise UnknownCamera, UnknownCommunity or BadTimeRange for a filter that can match nothing."""
    unknown = [camera for camera in where.cameras if camera not in known_cameras]
    if unknown:
        raise UnknownCamera(unknown, known_cameras)
    unknown = [community for community in where.communities if community not in known_communities]
    if unknown:
        raise UnknownCommunity(unknown, known_communities)
    if where.from_ms is not None and where.to_ms is not None and where.to_ms <= where.from_ms:
        raise BadTimeRange


def check_space(archive: Archive, kind: Kind, space: EmbeddingSpace) -> None:
    """Raise SpaceMismatch when the archive's sightings of a kind were all described by other models."""
    used = archive.spaces().get(kind, ())
    if used and space not in used:
        raise SpaceMismatch(space, f"this archive, which was made with model {used[0].name} ({used[0]}),")


def embedder_name_for(archive: Archive, kind: Kind) -> str | None:
    """Return the model that described the newest sightings of a kind, or None when there are none."""
    used = archive.spaces().get(kind, ())
    return used[0].name if used else None
