"""From a question to an answer: whom it means, which sightings are like that, in which order, and how sure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.embeddings import Embeddings
from models.kinds import Kind
from pipeline.archive.contract import Archive, Hit, Query, SightingFilter
from pipeline.archive.looks import Looks
from pipeline.errors import BadFeedback, NothingAsked
from pipeline.search.confidence import calibration_of
from pipeline.search.feedback import refined
from pipeline.search.grouping import group_id, grouped
from pipeline.search.question import Answer, Eyes, HitGroup, Question
from pipeline.search.reranking import by_company, by_looks
from pipeline.search.scope import check_space, narrowed
from pipeline.search.subject import Subject, subject_of

FloatArray = NDArray[np.float32]

# Hits whose order and visits are looked at, per asked hit and at least: a visit may have several sightings.
TAKEN, LEAST_TAKEN = 3, 100


def answer(archive: Archive, question: Question, eyes: Eyes) -> Answer:
    """Answer a question; it looks no further than its filter, narrowed by its words.

    Raises NobodyFound, SeveralFound, SpaceMismatch, UnknownSighting, NothingAsked, BadFeedback.
    """
    where = _where(archive, question)
    looks = Looks() if question.words is None else Looks(question.words.wanted, question.words.without)
    if not (question.photos or question.sighting_id or question.confirmed):
        return _by_looks_alone(archive, question, where, looks)
    wanted, subjects = _wanted(archive, question, where.kind or Kind.PERSON, eyes)
    known = _vectors(archive, [*question.rejected], wanted)
    rejected = np.array([*known.values()], np.float32).reshape(-1, wanted.space.dim)
    asked = Embeddings(refined(wanted.vectors, rejected)[None], wanted.space)
    hits = archive.search(Query(asked, where, max(TAKEN * question.top, LEAST_TAKEN), _left_out(question)))
    vectors = archive.vectors([hit.sighting.id for hit in hits], wanted.space)
    hits = by_company(hits, asked.vectors[0], vectors, question.rerank)
    hits = by_looks(hits, looks) if looks else hits
    visits = grouped(hits, vectors) if question.grouped else [[hit] for hit in hits]
    judge = _Judge(archive, question, vectors, wanted, archive.count(where))
    groups = [judge.group(visit, rank) for rank, visit in enumerate(visits[: question.top], 1)]
    return Answer(groups, subjects, judge.searched)


def _where(archive: Archive, question: Question) -> SightingFilter:
    """Return the filter; a sighting that more like it is asked of, or that is confirmed, says which kind is meant."""
    where = question.where if question.words is None else narrowed(question.where, question.words)
    told_by = question.sighting_id or next(iter(question.confirmed), None)
    if where.kind is not None or (told_by is None and not question.photos):
        return where
    told = question.photos or told_by is None
    return replace(where, kind=Kind.PERSON if told else archive.get(str(told_by)).kind)


def _by_looks_alone(archive: Archive, question: Question, where: SightingFilter, looks: Looks) -> Answer:
    if not looks:
        raise NothingAsked
    hits = archive.search_looks(looks, where, top=question.top + len(question.rejected))
    kept = [hit for hit in hits if hit.sighting.id not in question.rejected][: question.top]
    groups = [_group(archive, [hit], rank, question) for rank, hit in enumerate(kept, 1)]
    return Answer(groups, (), archive.count(where))


def _wanted(
    archive: Archive, question: Question, kind: Kind, eyes: Eyes
) -> tuple[Embeddings, list[Subject]]:
    """Return the vectors of everything that shows the one meant, and who that is in each photo."""
    both = set(question.confirmed) & set(question.rejected)
    if both:
        raise BadFeedback(f"sighting {', '.join(sorted(both))} is both confirmed and rejected: decide for one")
    parts: list[Embeddings] = []
    subjects: list[Subject] = []
    if question.photos:
        embedder = eyes.embedder(kind)
        check_space(archive, kind, embedder.space)
        subjects = [subject_of(photo, kind, eyes.detector()) for photo in question.photos]
        parts.append(embedder.embed([subject.crop for subject in subjects]))
    stored = ([question.sighting_id] if question.sighting_id else []) + list(question.confirmed)
    parts += [archive.vector(sighting_id) for sighting_id in stored]
    vectors = np.concatenate([part.vectors for part in parts])
    return Embeddings(vectors, parts[0].space), subjects
