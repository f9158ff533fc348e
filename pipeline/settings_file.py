"""Reads a YAML configuration and says which line is wrong."""

import os
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.errors import BadSettings
from pipeline.settings import CameraSettings, Settings

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_LARGEST_FILE = 4 << 20


def load_settings(path: Path, *, secrets: bool = True) -> Settings:
    """Read, check and return the settings in `path`.

    `${NAME}` in a text is replaced by the environment variable, so that passwords need not stand in the file; relative
    archive, token and recording paths count from the file's folder. Without `secrets` a variable that is not set stays
    as it is written: enough for who wants names and places only. Raises BadSettings: one sentence per mistake, each
    with file and line.
    """
    root, values = read_yaml(path, secrets=secrets)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise BadSettings("\n".join(_sentences(error, root, path))) from error
    return _anchored(settings, path.resolve().parent)


def read_yaml(path: Path, *, secrets: bool = True) -> tuple[yaml.Node, Any]:
    """Return the nodes of a YAML mapping, which know their lines, and its plain values; raises BadSettings."""
    root = _compose(path)
    return root, _construct(root, path, secrets)


def _compose(path: Path) -> yaml.Node:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadSettings(f"{path}: too large for a configuration file")
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise BadSettings(f"{path}: {(error.strerror or 'cannot be read').lower()}") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: not a text file in UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise BadSettings(f"{where}: not YAML: {getattr(error, 'problem', None) or 'unreadable'}") from error
    if not isinstance(root, yaml.MappingNode):
        raise BadSettings(f"{path}: empty or not a mapping; start from one of the examples in configs/")
    return root


def _construct(node: yaml.Node, path: Path, secrets: bool) -> Any:  # noqa: ANN401 - YAML holds any value
    """Turn nodes into plain values; duplicate keys are mistakes, variables are filled in."""
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in mapping:
                raise BadSettings(f"{path}, line {key_node.start_mark.line + 1}: `{key}` stands here twice")
            mapping[key] = _construct(value_node, path, secrets)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_construct(child, path, secrets) for child in node.value]
    value = yaml.SafeLoader("").construct_object(node, deep=True)
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match, node, path, secrets), value)
    return value


def _variable(match: re.Match[str], node: yaml.Node, path: Path, secrets: bool) -> str:
    name = match.group(1)
    if name not in os.environ and not secrets:
        return match.group()
    if name not in os.environ:
        raise BadSettings(f"{path}, line {node.start_mark.line + 1}: environment variable {name} is not set")
    return os.environ[name]


def _sentences(error: ValidationError, root: yaml.Node, path: Path) -> list[str]:
    items = error.errors()
    sentences = []
    for item in items:
        loc = item["loc"]
        if any(len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in items):
            continue  # what is wrong inside is said; that nothing is left over is no news
        where = ".".join(str(part) for part in loc) or "the file"
        line = line_of(root, loc)
        if item["type"] == "extra_forbidden":
            sentences.append(f"{path}, line {line}: unknown key `{where}`{_meant(str(loc[-1]))}")
        elif item["type"] == "missing":
            sentences.append(f"{path}, line {line}: `{where}` is missing")
        else:
            message = item["msg"].removeprefix("Value error, ")
            sentences.append(f"{path}, line {line}: {where}: {message[0].lower()}{message[1:]}")
    return sentences


def _meant(key: str) -> str:
    """Return the known key that is spelt like this one, as a question."""
    schema = Settings.model_json_schema()
    known = {name for part in (schema, *schema["$defs"].values()) for name in part.get("properties", {})}
    alike = get_close_matches(key, sorted(known), n=1)
    return f" (did you mean `{alike[0]}`?)" if alike else ""


def line_of(root: yaml.Node, loc: Sequence[str | int]) -> int:
    """Return the line (from 1) of the deepest node on the way `loc`."""
    node, line = root, root.start_mark.line
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == part), None)
            if pair is None:
                continue  # the name of a kind, which pydantic puts there and the file does not
            node, line = pair[1], pair[0].start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
    return line + 1


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Make relative paths count from the configuration's folder."""
    archive = settings.archive.model_copy(update={"path": folder / settings.archive.path})
    token = settings.api.token_file
    api = settings.api.model_copy(update={"token_file": folder / token if token else None})
    database = settings.alerting.path
    alerting = settings.alerting.model_copy(update={"path": folder / database if database else None})
    cameras = tuple(_anchored_camera(camera, folder) for camera in settings.cameras)
    return settings.model_copy(update={"archive": archive, "api": api, "cameras": cameras, "alerting": alerting})


def _anchored_camera(camera: CameraSettings, folder: Path) -> CameraSettings:
    changed: dict[str, object] = {}
    if "://" not in camera.source:
        changed["source"] = str(folder / camera.source)
    if camera.rules_file is not None:
        changed["rules_file"] = folder / camera.rules_file
    return camera.model_copy(update=changed)
