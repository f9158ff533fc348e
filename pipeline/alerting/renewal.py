"""When another embedder is in use, photos of watches and of residents are described anew: nobody goes unseen."""

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from models.detections import Image
from models.embeddings import Embeddings, EmbeddingSpace
from models.errors import BadPicture
from models.kinds import Kind
from models.pictures import read_picture
from pipeline.alerting.care.register import CareRegister
from pipeline.alerting.watches.book import WatchBook
from pipeline.errors import UnknownWatch

log = structlog.get_logger(__name__)


class Embedder(Protocol):
    """What this needs of `models.embedder.Embedder`."""

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""
        ...

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Return one vector per crop."""
        ...


def renew_watches(book: WatchBook, embedder: Callable[[Kind], Embedder], now_ms: int) -> int:
    """Describe the photos of watches that stand again where their space is not that in use; return how many."""
    renewed = 0
    for watch_id in sorted(book.active_ids(now_ms)):
        watch = book.get(watch_id)
        vectors = watch.target.vectors
        used = embedder(watch.target.where.kind or Kind.PERSON)
        if vectors is None or vectors.space == used.space:
            continue
        try:
            crops = [read_picture(book.crop(watch_id, place)) for place in range(len(vectors))]
        except (UnknownWatch, BadPicture) as error:
            log.warning("watch_is_blind", watch=watch_id, space=str(vectors.space), reason=str(error))
            continue
        book.describe_anew(watch_id, used.embed(crops))
        log.info("watch_described_anew", watch=watch_id, before=str(vectors.space), now=str(used.space))
        renewed += 1
    return renewed


def renew_residents(register: CareRegister, embedder: Embedder) -> int:
    """Describe the photos of residents and companions again where their space is not that in use; return how many."""
    renewed = 0
    for picture in register.described_otherwise(embedder.space):
        try:
            crop = read_picture(register.crop(picture))
        except BadPicture as error:
            log.warning("resident_goes_unseen", resident=picture[0], reason=str(error))
            continue
        register.describe_anew(picture, embedder.embed([crop]))
        renewed += 1
    if renewed:
        log.info("residents_described_anew", photos=renewed, now=str(embedder.space))
    return renewed
