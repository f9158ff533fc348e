"""A process that appends to an archive until it is killed, and says each time what was acknowledged.

    python archive_writer.py --nursery
    python archive_writer.py FOLDER FIRST_NUMBER [--batch N] [--limit-bytes N] [--count N] [--only-new]
        [--seal-rows N] [--pack-bytes N] [--forget] [--reopen] [--compact]

Each record follows from its number, so that a reader can tell whether it came back right. Every third append also
gives an earlier sighting a second revision, unless `--only-new`. A line is printed after the append returned: `number
revision` pairs. `--forget` erases all but the first of the batch before, told before (doomed) and after (gone);
`--reopen` closes and opens after every third append, which compacts vectors that are mostly dead; `--compact` does
what `zhian archive compact` does after every fifth.

A nursery has everything imported and forks a writer for each line of arguments it is given: the writer says its pid
first, and when it has ended the nursery writes ENDED. A start takes milliseconds then.
"""

import argparse
import os
import resource
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import LocalArchive, compaction, local, open_archive
from pipeline.archive.packs import PACK_BYTES
from pipeline.errors import ArchiveFull
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

ENDED = "\0ended\n"
SPACE = EmbeddingSpace("numbers", "aaaa-fp32", 64)


def record_of(number: int, revision: int = 1) -> Record:
    """Return the record of a number: vector, times and picture follow from number and revision."""
    vector = np.random.default_rng([number, revision]).normal(size=SPACE.dim).astype(np.float32)
    key = TrackletKey("gate", "session", number)
    sighting = Sighting(
        id=key.sighting_id(),
        key=key,
        kind=Kind.PERSON,
        community="garden",
        first_seen_ms=number,
        last_seen_ms=number + revision,
        shot=Shot(number, (0.0, 0.0, 10.0, 20.0), 0.9, 0.5),
        frame_size=(640, 480),
        frames=revision,
        revision=revision,
    )
    picture = f"picture {number} {revision} ".encode() * 400
    return Record(sighting, vector / np.linalg.norm(vector), SPACE, picture)


def say(line: str) -> None:
    """Tell the parent at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("first", type=int)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--limit-bytes", type=int)
    parser.add_argument("--seal-rows", type=int, default=16_384)
    parser.add_argument("--pack-bytes", type=int, default=PACK_BYTES)
    for name in ("--only-new", "--forget", "--reopen", "--compact"):
        parser.add_argument(name, action="store_true")
    return parser.parse_args(arguments)


def opened(asked: argparse.Namespace) -> LocalArchive:
    return open_archive(asked.folder, writable=True, seal_rows=asked.seal_rows, pack_bytes=asked.pack_bytes)


def forget(archive: LocalArchive, numbers: list[int]) -> None:
    """Erase, and say so before and after."""
    if numbers:
        said = " ".join(map(str, numbers))
        say(f"doomed {said}")
        archive.forget([record_of(number).sighting.id for number in numbers])
        say(f"gone {said}")


def nursery() -> None:
    """Fork a writer for each line, one after the other."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            say(f"pid {os.getpid()}")
            write(line.split())
            os._exit(0)
        os.waitpid(child, 0)
        os.write(1, ENDED.encode())  # behind whatever the writer had begun to say


def write(arguments: Sequence[str]) -> None:
    """Append until killed, full, or `--count` appends are done."""
    asked = options(arguments)
    local.compact = partial(compaction.compact, worth_it=10)  # archives as small as a test's are compacted, too
    archive = opened(asked)
    say("open")
    if asked.limit_bytes:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked.limit_bytes, limits[1]))
    number, before = asked.first, list[int]()
    for turn in range(asked.count):
        batch = [(number + offset, 1) for offset in range(asked.batch)]
        if turn % 3 == 2 and not asked.only_new:
            batch.append((number - 1, 2))
        try:
            archive.append([record_of(*one) for one in batch])
        except ArchiveFull as error:
            say(f"full {error}")
            break
        number += asked.batch
        say("stored " + " ".join(f"{each} {revision}" for each, revision in batch))
        if asked.forget:
            forget(archive, before)
            before = [each for each, _ in batch[1 : asked.batch]]
        if asked.compact and turn % 5 == 4:
            archive.compact()
        if asked.reopen and turn % 3 == 2:
            archive.close()
            archive = opened(asked)
    if asked.limit_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)  # room again
        archive.append([record_of(number + 1)])
        say(f"stored {number + 1} 1")
    archive.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["--nursery"]:
        nursery()
    else:
        write(sys.argv[1:])
