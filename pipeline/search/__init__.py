"""Looking for somebody: a question with photos, sightings and words, and its answer. All doors search through this."""

from pipeline.search.answering import answer
from pipeline.search.confidence import Confidence, Word
from pipeline.search.question import Answer, Embedder, Eyes, HitGroup, Question
from pipeline.search.reranking import Reranking
from pipeline.search.scope import check_filter, check_space, embedder_name_for, narrowed
from pipeline.search.subject import Detector, Photo, Subject, people_in, subject_of
from pipeline.search.zone import Zone

__all__ = [
    "Answer",
    "Confidence",
    "Detector",
    "Embedder",
    "Eyes",
    "HitGroup",
    "Photo",
    "Question",
    "Reranking",
    "Subject",
    "Word",
    "Zone",
    "answer",
    "check_filter",
    "check_space",
    "embedder_name_for",
    "narrowed",
    "people_in",
    "subject_of",
]
