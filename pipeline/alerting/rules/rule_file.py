"""Reads rules from YAML and says which rule is wrong, and how."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.alerting.rules.settings import RuleList, RuleSettings
from pipeline.alerting.rules.table import RULES
from pipeline.errors import BadRules
from pipeline.settings_file import line_of, read_yaml

_OUTSIDE = 0.02  # a corner drawn this part of the picture beyond its border is meant to lie on the border


def read_rules(path: Path) -> tuple[RuleSettings, ...]:
    """Read and check a rule file, `rules: [{name, kind, ...}, ...]`; raises BadRules, BadSettings."""
    root, values = read_yaml(path)
    try:
        return RuleList.model_validate(values).rules
    except ValidationError as error:
        sentences = []
        for fault in error.errors():
            line = line_of(root, fault["loc"])
            sentences.append(f"{path}, line {line}: {_sentence(fault, values)}")
        raise BadRules("; ".join(sentences)) from error


def check_rules(values: Any) -> tuple[RuleSettings, ...]:  # noqa: ANN401 - whatever a caller sends
    """Check `{"rules": [...]}` that came another way than by file; raises BadRules."""
    try:
        return RuleList.model_validate(values).rules
    except ValidationError as error:
        raise BadRules("; ".join(_sentence(fault, values) for fault in error.errors())) from error


def check_inside(rules: Sequence[RuleSettings], size: tuple[int, int]) -> None:
    """Raise BadRules when a rule names a point outside the picture of (width, height)."""
    for rule in rules:
        fault = fault_of(rule, size)
        if fault:
            raise BadRules(fault)


def fault_of(rule: RuleSettings, size: tuple[int, int]) -> str:
    """Return the sentence about a point outside the picture of (width, height), "" when there is none."""
    width, height = size
    for x, y in rule.points:
        if not (-_OUTSIDE <= x / width <= 1 + _OUTSIDE and -_OUTSIDE <= y / height <= 1 + _OUTSIDE):
            return (
                f"rule `{rule.name}`: the point ({x:g}, {y:g}) lies outside the picture of {width} x {height} pixels: "
                f"draw it on a picture of that size"
            )
    return ""


def _sentence(fault: Any, values: Any) -> str:  # noqa: ANN401 - pydantic's and YAML's own shapes
    """Say what is wrong with which rule."""
    place = list(fault["loc"])
    if len(place) < 2 or place[0] != "rules":
        where = ".".join(str(part) for part in place)
        return _told(fault, where)
    number = int(place[1])
    who = _called(values, number)
    parts = [str(part + 1) if isinstance(part, int) else part for part in place[2:] if part not in RULES]
    if fault["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return f"{who}: `kind` must be one of {', '.join(RULES)}"
    return f"{who}: {_told(fault, '.'.join(parts))}"


def _told(fault: Any, where: str) -> str:  # noqa: ANN401
    if fault["type"] == "missing":
        return f"`{where}` is missing"
    if fault["type"] == "extra_forbidden":
        return f"unknown key `{where}`"
    message = str(fault["msg"]).removeprefix("Value error, ")
    message = f"{message[0].lower()}{message[1:]}"
    return f"{where}: {message}" if where else message


def _called(values: Any, number: int) -> str:  # noqa: ANN401
    rule = values["rules"][number]
    name = rule.get("name") if isinstance(rule, dict) else None
    return f"rule `{name}`" if isinstance(name, str) and name else f"rule number {number + 1}"
