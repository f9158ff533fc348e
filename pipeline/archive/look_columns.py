"""`look_score` as the database computes it."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, Float, case, cast, func, literal

from pipeline.archive.looks import PARTS, UNSAID_CONFIDENCE, UNSEEN_SCORE, Looks
from pipeline.archive.schema import sightings


def score_column(looks: Looks) -> ColumnElement[float]:
    """Return `look_score` as the database computes it."""
    terms = [
        _of_several(func.max, [_term(part, values, wanted=True) for part in PARTS.get(name, (name,))])
        for name, values in looks.wanted.items()
    ] + [
        _of_several(func.min, [_term(part, values, wanted=False) for part in PARTS.get(name, (name,))])
        for name, values in looks.without.items()
    ]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total / literal(float(len(terms)))


def _term(name: str, values: frozenset[str], *, wanted: bool) -> ColumnElement[float]:
    seen = func.json_extract(sightings.c.attributes, f"$.{name}")
    noted = cast(func.json_extract(sightings.c.attributes, f"$.confidence.{name}"), Float)
    sure = func.coalesce(noted, UNSAID_CONFIDENCE)
    right = seen.in_(sorted(values)) if wanted else seen.not_in(sorted(values))
    return case(
        (seen.is_(None), literal(UNSEEN_SCORE)),
        (right, literal(0.5) + literal(0.5) * sure),
        else_=literal(UNSEEN_SCORE) * (literal(1.0) - sure),
    )


def _of_several(choose: Callable[..., ColumnElement[float]], terms: list[ColumnElement[float]]) -> ColumnElement[float]:
    return choose(*terms) if len(terms) > 1 else terms[0]
