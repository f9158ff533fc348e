"""What a command loads: help is instant, and a search by words needs no network, no camera, no server."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import open_archive
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

LOADED = "import sys; from search_api.cli.main import run_command; code = run_command(sys.argv[1:]); "
HEAVY = frozenset(
    {"av", "onnx", "onnxruntime", "openvino", "scipy", "matplotlib", "fastapi", "uvicorn", "redis", "apprise"}
)
NOT_FOR_HELP = HEAVY | {"numpy", "cv2", "faiss", "sqlalchemy", "httpx", "jinja2", "yaml"}


def loaded_by(*arguments: str) -> set[str]:
    """Return the packages that one command line loads in a process of its own."""
    program = LOADED + "print('loaded', *{name.partition('.')[0] for name in sys.modules}); sys.exit(code)"
    ran = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("arguments", [("--help",), ("search", "--help"), ("--version",)])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    loaded = loaded_by(*arguments)
    assert "typer" in loaded
    assert not loaded & NOT_FOR_HELP


def test_a_search_by_words_loads_neither_networks_nor_decoders_nor_servers(tmp_path: Path) -> None:
    key = TrackletKey("gate", "session", 1)
    shot = Shot(1, (0.0, 0.0, 60.0, 160.0), 0.9, 0.5)
    worn = {"upper_colour": "red"}
    sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "garden", 1, 2, shot, (640, 480), 3, attributes=worn)
    space = EmbeddingSpace("small", "v1", 4)
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.append([Record(sighting, np.eye(4, dtype=np.float32)[0], space, b"picture")])
    loaded = loaded_by("search", "--archive", str(tmp_path / "a"), "--words", "red jacket")
    assert {"sqlalchemy", "yaml"} <= loaded
    assert not loaded & HEAVY
