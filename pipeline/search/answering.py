"""From a question to an answer: whom it means, which sightings are like that, in which order, and how sure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.embeddings import Embeddings
from models.errors import SpaceMismatch
from models.kinds import Kind
from models.pictures import read_picture
from pipeline.archive.contract import Archive, Hit, Query, SightingFilter
from pipeline.archive.looks import Looks
from pipeline.errors import BadCoat, BadFeedback, NobodyFound, NothingAsked, SeveralFound
from pipeline.search.coat import coatless
from pipeline.search.confidence import Calibration, Confidence, calibration_of
from pipeline.search.grouping import group_id, persons, visits
from pipeline.search.pooling import mean_direction
from pipeline.search.question import Answer, Eyes, HitGroup, Question
from pipeline.search.reranking import by_company, by_looks, by_rejected
from pipeline.search.scope import check_space, narrowed
from pipeline.search.subject import Detector, Photo, Subject, subject_of
from pipeline.search.zone import check_zone, found_in

FloatArray = NDArray[np.float32]

# Hits whose order and visits are looked at, per asked one and at least: a visit may have several sightings.
TAKEN, LEAST_TAKEN = 3, 100


def answer(archive: Archive, question: Question, eyes: Eyes) -> Answer:
    """Answer a question inside its filter, which its words narrow.

    Raises NobodyFound, SeveralFound, SpaceMismatch, UnknownSighting, NothingAsked, BadFeedback, BadCoat, BadZone.
    """
    both = set(question.confirmed) & set(question.rejected)
    if both:
        raise BadFeedback(f"sighting {', '.join(sorted(both))} is both confirmed and rejected: decide for one")
    for sighting_id in question.rejected:
        archive.get(sighting_id)
    where = _where(archive, question)
    check_zone(question.zone, where)
    looks = Looks() if question.words is None else Looks(question.words.wanted, question.words.without)
    if not (question.photos or _stored(question)):
        if question.coat_may_have_changed:
            raise BadCoat
        return _by_looks_alone(archive, question, where, looks)
    describe = _coatless if question.coat_may_have_changed else _wanted
    wanted, subjects = describe(archive, question, where.kind or Kind.PERSON, eyes)
    asked = Embeddings(mean_direction(wanted.vectors)[None], wanted.space)
    left_out = frozenset({*question.rejected, *([question.sighting_id] if question.sighting_id else [])})
    enough = max(TAKEN * question.top, LEAST_TAKEN)
    hits = found_in(question.zone, lambda most: archive.search(Query(asked, where, most, left_out)), enough)
    vectors = archive.vectors([hit.sighting.id for hit in hits], wanted.space)
    hits = by_company(hits, asked.vectors[0], vectors, question.rerank)
    hits = by_rejected(hits, _rejected(archive, question, wanted), vectors)
    hits = by_looks(hits, looks) if looks else hits
    groups = visits(hits, vectors, question.top) if question.grouped else [[hit] for hit in hits]
    searched = archive.count(where)
    # Nobody has measured what a likeness is worth when the coat is left out of it.
    calibration = None if question.coat_may_have_changed else calibration_of(wanted.space)
    judge = _Judge(vectors, wanted.vectors, calibration, searched)
    return Answer(_judged(archive, groups, question, judge), subjects, searched)


@dataclass(frozen=True, slots=True, eq=False)
class _Judge:
    """How alike the hits are to everything that shows the one meant, and how sure that makes them."""

    vectors: Mapping[str, FloatArray]
    wanted: FloatArray
    calibration: Calibration | None
    searched: int

    def judged(self, hit: Hit) -> tuple[float | None, Confidence | None]:
        """Return the mean cosine, since each photo's pairs were calibrated one by one, and how sure it is."""
        vector = self.vectors.get(hit.sighting.id)
        if vector is None:
            return None, None
        likeness = float(np.einsum("nd,d->n", self.wanted, vector).mean())
        line = self.calibration
        return likeness, None if line is None else line.confidence(likeness, self.searched)


def _where(archive: Archive, question: Question) -> SightingFilter:
    """Return the filter; without photos, the sightings that more like them is asked of say which kind is meant."""
    where = question.where if question.words is None else narrowed(question.where, question.words)
    if where.kind is not None:
        return where
    if question.photos:
        return replace(where, kind=Kind.PERSON)
    stored = _stored(question)
    return replace(where, kind=archive.get(stored[0]).kind) if stored else where


def _stored(question: Question) -> list[str]:
    """Return the sightings that show the one meant."""
    return [*([question.sighting_id] if question.sighting_id else []), *question.confirmed]


def _by_looks_alone(archive: Archive, question: Question, where: SightingFilter, looks: Looks) -> Answer:
    if not looks:
        raise NothingAsked
    enough = max(TAKEN * question.top, LEAST_TAKEN) + len(question.rejected)
    hits = found_in(question.zone, lambda most: archive.search_looks(looks, where, top=most), enough)
    hits = [hit for hit in hits if hit.sighting.id not in question.rejected]
    groups = [[hit] for hit in hits]
    if question.grouped:
        ids = [hit.sighting.id for hit in hits]
        known = (archive.vectors(ids, space) for space in archive.spaces().get(where.kind or Kind.PERSON, ()))
        # Vectors of two spaces are not comparable; those of the space with most hits are compared.
        groups = persons(hits, max(known, key=len, default={}), question.top)
    return Answer(_judged(archive, groups, question, None), (), archive.count(where))


def _wanted(archive: Archive, question: Question, kind: Kind, eyes: Eyes) -> tuple[Embeddings, list[Subject]]:
    """Return one vector (n, d) of each picture that shows the one meant, and who that is in each photo."""
    parts: list[Embeddings] = []
    subjects: list[Subject] = []
    if question.photos:
        embedder = eyes.embedder(kind)
        check_space(archive, kind, embedder.space)
        subjects = _subjects(question.photos, kind, eyes.detector())
        parts.append(embedder.embed([subject.crop for subject in subjects]))
    parts += [archive.vector(sighting_id) for sighting_id in _stored(question)]
    space = parts[0].space
    for part in parts[1:]:
        if part.space != space:
            raise SpaceMismatch(space, part.space)
    return Embeddings(np.concatenate([part.vectors for part in parts]), space), subjects


def _coatless(archive: Archive, question: Question, kind: Kind, eyes: Eyes) -> tuple[Embeddings, list[Subject]]:
    """Return the same whatever coat is worn, for stored sightings from their pictures."""
    if kind is not Kind.PERSON:
        raise BadCoat
    embedder = eyes.embedder(kind)
    check_space(archive, kind, embedder.space)
    subjects = _subjects(question.photos, kind, eyes.detector()) if question.photos else []
    stored = [read_picture(archive.picture(sighting_id)) for sighting_id in _stored(question)]
    vectors = coatless([*(subject.crop for subject in subjects), *stored], embedder)
    return Embeddings(vectors, embedder.space), subjects


def _subjects(photos: Sequence[Photo], kind: Kind, detector: Detector) -> list[Subject]:
    found = []
    for number, photo in enumerate(photos, 1):
        try:
            found.append(subject_of(photo, kind, detector))
        except SeveralFound as several:
            raise SeveralFound(several.detections, number) from several
        except NobodyFound as nobody:
            raise NobodyFound(f"photo {number}: {nobody}" if len(photos) > 1 else str(nobody)) from nobody
    return found


def _rejected(archive: Archive, question: Question, wanted: Embeddings) -> FloatArray:
    """Return float32 (m, d); one of another space is left out: it cannot be among the hits."""
    known = archive.vectors(question.rejected, wanted.space)
    return np.array([*known.values()], np.float32).reshape(-1, wanted.space.dim)


def _judged(
    archive: Archive, groups: Sequence[Sequence[Hit]], question: Question, judge: _Judge | None
) -> list[HitGroup]:
    """Return the asked number of groups with all an officer needs to judge them."""
    chosen = groups[: question.top]
    beside = archive.neighbours([group[0].sighting for group in chosen])
    found = []
    for rank, (group, (before, after)) in enumerate(zip(chosen, beside, strict=True), 1):
        likeness, sure = (None, None) if judge is None else judge.judged(group[0])
        best, others = replace(group[0], rank=rank), tuple(group[1:])
        confirmed = any(hit.sighting.id in question.confirmed for hit in group)
        found.append(HitGroup(group_id(group), best, others, likeness, sure, confirmed, before, after))
    return found
