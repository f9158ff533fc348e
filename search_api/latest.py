"""Where the one who is looked for was seen last: what a patrol asks for."""

from collections.abc import Sequence

from pipeline.search import HitGroup
from pipeline.search.confidence import Word
from pipeline.sighting import Sighting

SURE = (Word.LIKELY, Word.POSSIBLE)  # of a weaker hit nobody is sent anywhere


def latest_of(groups: Sequence[HitGroup]) -> tuple[HitGroup, Sighting] | None:
    """Return the last sighting of the hits that were confirmed, else of the likely, else of the possible ones.

    None where no hit is that sure. The console has the same rule, as it knows at once what is confirmed there.
    """
    confirmed = [each for each in groups if each.confirmed]
    by_word = ([each for each in groups if each.confidence and each.confidence.word is word] for word in SURE)
    fits: list[HitGroup] = next(filter(None, (confirmed, *by_word)), [])
    seen = [(group, hit.sighting) for group in fits for hit in (group.hit, *group.others)]
    return max(seen, key=lambda each: each[1].last_seen_ms, default=None)
