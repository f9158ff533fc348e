"""Domain meets wire for searches: what an answer looks like over HTTP and in `zhian search --json`."""

from collections.abc import Callable, Mapping, Sequence

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from models.detections import Detections
from pipeline.archive.contract import Hit
from pipeline.search import Answer, Confidence, HitGroup, Subject
from pipeline.search.confidence import IN_CHINESE
from pipeline.sighting import Box, Sighting
from pipeline.words import Parse
from pipeline.words.explaining import explain, in_chinese
from search_api.wire.base import Wire, box_out, local_zone
from search_api.wire.coverage import CoverageOut
from search_api.wire.sightings import EXAMPLE_SIGHTING, SightingOut, sighting_out

# Says where the picture of a sighting is; None where nobody asked for pictures.
PictureOf = Callable[[str], str | None]

EXAMPLE_HIT: JsonDict = {
    "rank": 1,
    "score": 0.87,
    "likeness": 0.84,
    "confidence": {"word": "likely", "zh": "很可能", "en": "likely", "probability": 0.93},
    "group": "6f1c0a9d27b34e58a0c1",
    "confirmed": False,
    "shots": [],
    "before": None,
    "after": None,
    **EXAMPLE_SIGHTING,
}
EXAMPLE_REPLY: JsonDict = {
    "message": "best first",
    "box": [20.0, 40.0, 70.0, 160.0],
    "people": [{"box": [20.0, 40.0, 70.0, 160.0], "score": 0.91}],
    "photos": [{"box": [20.0, 40.0, 70.0, 160.0], "people": [{"box": [20.0, 40.0, 70.0, 160.0], "score": 0.91}]}],
    "searched": 18422,
    "hits": [EXAMPLE_HIT],
}


class RankedOut(Wire):
    """Place in a list of hits, from 1, and what put it there."""

    rank: int
    score: float


class ConfidenceOut(Wire):
    """How sure a hit is: `word` is likely, possible or weak; `probability`, 0 to 1, that it shows the one meant."""

    word: str
    zh: str
    en: str
    probability: float


class WhyOut(Wire):
    """One look that was asked for, as people read it."""

    look: str = Field(description="such as upper_colour; `not hat` where it was to be without")
    verdict: str = Field(description="agree, disagree or unseen")
    zh: str
    en: str
    seen: str | None = Field(description="what was seen, null where nothing was")


class ShotOut(SightingOut):
    """Another sighting of the same visit; by words alone of one who looks like the same person, maybe elsewhere."""

    score: float


class HitOut(SightingOut, RankedOut):
    """The best sighting of a visit and how alike it is.

    `score` puts the hits in order: the cosine, -1 to 1, with what is asked; with expansion (the default) with what is
    asked and its best hits taken together; by k-reciprocal neighbours and by words alone 0 to 1.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_HIT]})

    reasons: dict[str, str] = Field(description="agree, disagree or unseen, for each look asked for", default={})
    why: list[WhyOut] = Field(description="the same, to read", default=[])
    likeness: float | None = Field(description="mean cosine with the photos; null by words alone", default=None)
    confidence: ConfidenceOut | None = Field(
        description="null where nothing was measured for the network that made the archive", default=None
    )
    group: str = Field(description="id of the visit: of its earliest sighting", default="")
    confirmed: bool = Field(description="the caller confirmed it", default=False)
    shots: list[ShotOut] = Field(description="the other sightings of the visit, best first", default=[])
    before: SightingOut | None = Field(description="who or what the camera saw just before", default=None)
    after: SightingOut | None = Field(description="who or what the camera saw just after", default=None)


class PersonOut(Wire):
    """One of those the photo shows; `box` is left, top, right, bottom in pixels of the photo."""

    box: Box
    score: float


class PhotoOut(Wire):
    """A photo as it was understood: the part searched for, and everyone of the kind in it, best first."""

    box: Box | None
    people: list[PersonOut]


class PieceOut(Wire):
    """A piece of the words, [start, end), and what it says."""

    text: str
    start: int
    end: int
    role: str
    says: str


class UnderstoodOut(Wire):
    """What the words were understood as: `zh` and `en` are one line to read."""

    zh: str
    en: str
    wanted: dict[str, list[str]]
    without: dict[str, list[str]]
    unknown: list[str] = Field(description="what was not understood")
    unsearched: list[str] = Field(description="what is known but nothing is searched by: heights, numbers", default=[])
    refused: list[str] = Field(description="what is never searched for: ethnicity, religion, health")
    pieces: list[PieceOut]


class SearchReply(Wire):
    """What a search found. With several people in a photo `hits` is empty: ask again with the `box` of one."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_REPLY]})

    message: str
    box: Box | None = Field(description="the part of the first photo that was searched for")
    people: list[PersonOut] = Field(description="everyone of the kind in the first photo, best first")
    photos: list[PhotoOut] = Field(description="the same for every photo, in order", default=[])
    searched: int = Field(description="how many sightings passed the filter", default=0)
    hits: list[HitOut]
    understood: UnderstoodOut | None = Field(description="what the words mean; null without words", default=None)
    coverage: CoverageOut | None = Field(description="what was watched where this search looked", default=None)


def search_reply(answer: Answer, words: Parse | None, picture: PictureOf, names: Mapping[str, str]) -> SearchReply:
    """Return the wire form of an answer; `names` of places by id."""
    photos = [_photo_out(subject) for subject in answer.subjects]
    return SearchReply(
        message="best first" if answer.groups else "nothing in the archive fits",
        box=photos[0].box if photos else None,
        people=photos[0].people if photos else [],
        photos=photos,
        searched=answer.searched,
        hits=hits_out(answer.groups, picture),
        understood=None if words is None else understood_out(words, names),
    )


def several_reply(detections: Detections, photo: int, of: int) -> SearchReply:
    """Return the reply to a photo, by its number from 1, that shows several, of which none was picked."""
    people = people_out(detections)
    which = "the photo" if of == 1 else f"photo {photo}"
    return SearchReply(
        message=f"{which} shows {len(people)}: ask again with the box of one of them",
        box=None,
        people=people,
        photos=[PhotoOut(box=None, people=people if n == photo else []) for n in range(1, of + 1)],
        hits=[],
    )


def hits_out(groups: Sequence[HitGroup], picture: PictureOf) -> list[HitOut]:
    """Return the wire form of hits, in order."""
    return [_hit_out(group, picture) for group in groups]


def understood_out(words: Parse, names: Mapping[str, str]) -> UnderstoodOut:
    """Return the wire form of what words mean; times of the lines to read are local, `names` of places by id."""
    zone = local_zone()
    return UnderstoodOut(
        zh=explain(words, "zh", zone, names),
        en=explain(words, "en", zone, names),
        wanted={name: sorted(values) for name, values in words.wanted.items()},
        without={name: sorted(values) for name, values in words.without.items()},
        unknown=[part.text for part in words.unknown],
        unsearched=[part.text for part in words.unsearched],
        refused=[part.text for part in words.refused],
        pieces=[PieceOut(text=p.text, start=p.start, end=p.end, role=p.role.value, says=p.says) for p in words.parts],
    )


def people_out(detections: Detections) -> list[PersonOut]:
    """Return everyone in the photo, in the order of `detections`."""
    rows = zip(detections.xyxy.tolist(), detections.score.tolist(), strict=True)
    return [PersonOut(box=box_out(box), score=round(score, 4)) for box, score in rows]


def confidence_out(confidence: Confidence | None) -> ConfidenceOut | None:
    """Return the wire form of how sure a hit is."""
    if confidence is None:
        return None
    word = confidence.word
    return ConfidenceOut(
        word=word.value, zh=IN_CHINESE[word], en=word.value, probability=round(confidence.probability, 3)
    )


def _hit_out(group: HitGroup, picture: PictureOf) -> HitOut:
    hit = group.hit
    return HitOut(
        rank=hit.rank,
        score=_score(hit),
        reasons=dict(hit.reasons),
        why=[_why_out(hit, look, verdict) for look, verdict in hit.reasons.items()],
        likeness=None if group.likeness is None else round(group.likeness, 4),
        confidence=confidence_out(group.confidence),
        group=group.id,
        confirmed=group.confirmed,
        shots=[
            ShotOut(score=_score(other), **sighting_out(other.sighting, picture(other.sighting.id)).model_dump())
            for other in group.others
        ],
        before=_neighbour(group.before, picture),
        after=_neighbour(group.after, picture),
        **sighting_out(hit.sighting, picture(hit.sighting.id)).model_dump(),
    )


def _why_out(hit: Hit, look: str, verdict: str) -> WhyOut:
    plain = look.removeprefix("not ")
    zh, en = in_chinese(plain), plain.replace("_", " ")
    if plain != look:
        zh, en = f"不要{zh}", f"no {en}"
    return WhyOut(look=look, verdict=verdict, zh=zh, en=en, seen=_seen(hit.sighting.attributes, plain))


def _seen(attributes: Mapping[str, str], look: str) -> str | None:
    if look != "any_colour":
        return attributes.get(look)
    worn = [attributes[each] for each in ("upper_colour", "lower_colour") if each in attributes]
    return " ".join(worn) or None


def _neighbour(sighting: Sighting | None, picture: PictureOf) -> SightingOut | None:
    return None if sighting is None else sighting_out(sighting, picture(sighting.id))


def _score(hit: Hit) -> float:
    return round(float(hit.score), 4)


def _photo_out(subject: Subject) -> PhotoOut:
    return PhotoOut(box=box_out(subject.box), people=people_out(subject.detections))
