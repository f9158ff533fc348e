import re
from pathlib import Path

import pytest

import models
from models.card import Task
from models.cards import CARDS, card
from models.errors import UnknownModel
from models.store import sha256_of

WEIGHTS = Path(models.__file__).parent / "weights"


def test_the_names_users_script_against():
    assert set(CARDS) == {
        "nanodet", "omz2002", "omz0078", "yolox_nano", "picodet_s",
        "omz0277", "omz0287", "omz0288", "person_small", "colour_stripes", "omz0039", "clothing",
    }  # fmt: skip
    assert [name for name, one in CARDS.items() if one.bundled] == [
        "nanodet",
        "person_small",
        "colour_stripes",
        "clothing",
    ]


@pytest.mark.parametrize("one", CARDS.values(), ids=CARDS)
def test_every_card_is_complete(one):
    assert one.licence
    assert one.licence_url.startswith("https://")
    assert one.training
    assert one.quality
    assert all(re.fullmatch(r"[0-9a-f]{64}", sha256) for sha256 in one.sha256.values())
    assert all(file.size_bytes > 0 for file in one.files)
    if one.task == Task.DETECTOR:
        assert one.classes
    if not one.bundled:
        assert one.releases
        assert one.probe
        assert all(source.startswith("https://") for source in one.sources)


def test_checksums_are_of_a_known_length():
    lengths = {"sha256": 64, "sha384": 96}
    for one in CARDS.values():
        for source in (source for release in one.releases for source in release.files):
            if source.checksum:
                algorithm, _, digits = source.checksum.partition(":")
                assert re.fullmatch(rf"[0-9a-f]{{{lengths[algorithm]}}}", digits), source.url


def test_an_unknown_name_lists_the_known():
    with pytest.raises(UnknownModel, match="no model is called yolo: there are nanodet, omz2002"):
        card("yolo")


def test_the_bundled_file_is_the_carded_one_with_its_papers():
    file = card("nanodet").files[0]
    path = WEIGHTS / file.path
    assert path.stat().st_size == file.size_bytes
    assert sha256_of(path) == file.sha256
    source = (path.parent / "SOURCE.md").read_text("utf-8")
    assert file.sha256 in source
    assert "human-models` 3.0.4" in source
    assert "MIT License" in (path.parent / "LICENSE-human-models.txt").read_text("utf-8")
    assert "Apache License" in (path.parent / "LICENSE-nanodet.txt").read_text("utf-8")


def test_our_own_network_is_the_carded_one_with_its_papers():
    file = card("person_small").files[0]
    path = WEIGHTS / file.path
    assert path.stat().st_size == file.size_bytes <= 5_000_000
    assert sha256_of(path) == file.sha256
    page = (path.parent / "MODEL_CARD.md").read_text("utf-8")
    assert file.sha256 in page
    assert "person-reidentification-retail-0277` (Apache-2.0, Intel)" in page, "the teacher is credited"
    assert "## Limits" in page
    assert "Apache License" in (path.parent / "LICENSE").read_text("utf-8")
    assert (path.parent / "curves.png").is_file()


def test_the_clothing_network_is_the_carded_one_with_its_papers():
    file = card("clothing").files[0]
    path = WEIGHTS / file.path
    assert path.stat().st_size == file.size_bytes <= 1_000_000
    assert sha256_of(path) == file.sha256
    page = (path.parent / "MODEL_CARD.md").read_text("utf-8")
    assert file.sha256 in page
    assert "MoveNet" in page, "the teacher of the body parts is credited"
    assert "## Limits" in page


def test_nothing_else_is_bundled():
    bundled = sorted(path.relative_to(WEIGHTS).as_posix() for path in WEIGHTS.rglob("*.onnx"))
    assert bundled == ["clothing/clothing.onnx", "nanodet/nanodet.onnx", "person_small/person_small.onnx"]
