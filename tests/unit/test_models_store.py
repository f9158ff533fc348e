import hashlib
import os
from dataclasses import replace

import pytest

import models.store
from models.card import StoredFile
from models.cards import card
from models.errors import ModelCorrupt, ModelMissing
from models.store import OFFICIAL, ModelStore

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
CARD = replace(card("omz0288"), files=(StoredFile("omz/net.onnx", SHA256, len(CONTENT)),))


@pytest.fixture
def store(tmp_path):
    (tmp_path / "omz").mkdir()
    (tmp_path / "omz" / "net.onnx").write_bytes(CONTENT)
    return ModelStore(tmp_path)


@pytest.fixture
def hashed(monkeypatch):
    """Paths that were read to be hashed."""
    paths = []
    real = models.store.sha256_of
    monkeypatch.setattr(models.store, "sha256_of", lambda path: paths.append(path.name) or real(path))
    return paths


def test_home_is_named_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ZHIAN_MODELS_HOME", str(tmp_path / "models"))
    assert ModelStore().home == tmp_path / "models"
    monkeypatch.delenv("ZHIAN_MODELS_HOME")
    assert ModelStore().home.parts[-2:] == ("zhian", "models")


def test_a_missing_file_says_what_to_do(tmp_path):
    store = ModelStore(tmp_path / "nowhere")
    assert not store.has(CARD)
    with pytest.raises(ModelMissing, match="zhian models fetch omz0288"):
        store.path(CARD)


def test_a_file_is_hashed_once_until_it_changes(store, hashed):
    path = store.home / "omz" / "net.onnx"
    assert store.path(CARD) == store.path(CARD) == (path,)
    assert len(hashed) == 1
    os.utime(path, ns=(1, 1))
    store.path(CARD)
    assert len(hashed) == 2
    store.verify(CARD)
    assert len(hashed) == 3


def test_a_changed_file_is_never_used(store):
    store.path(CARD)
    (store.home / "omz" / "net.onnx").write_bytes(CONTENT[:-1] + b"?")
    for check in (store.path, store.verify):
        with pytest.raises(ModelCorrupt, match="run `zhian models fetch omz0288`"):
            check(CARD)


def test_a_damaged_stamp_is_hashed_again(store, hashed):
    store.path(CARD)
    (store.home / "omz" / "net.onnx.stamp").write_text("{half")
    assert store.path(CARD)
    assert len(hashed) == 2


def test_an_official_file_counts_by_its_own_hash(store):
    path = store.home / "omz" / "net.onnx"
    path.write_bytes(b"converted")
    store.stamp(path, hashlib.sha256(b"converted").hexdigest(), OFFICIAL)
    assert store.path(CARD) == (path,)
    store.verify(CARD)
    path.write_bytes(b"overwritten")
    with pytest.raises(ModelCorrupt):
        store.path(CARD)


def test_a_store_that_cannot_be_written_still_serves(store, monkeypatch):
    def full(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(store, "stamp", full)
    assert store.path(CARD)


def test_bundled_files_lie_in_the_package(tmp_path):
    store = ModelStore(tmp_path)
    (path,) = store.path(card("nanodet"))
    assert path.parts[-3:] == ("weights", "nanodet", "nanodet.onnx")
    assert store.path(card("colour_stripes")) == ()
    assert list(tmp_path.iterdir()) == []
