import pytest

from models.cards import CARDS, card
from models.choose import best_detector, best_embedder, listing
from models.kinds import Kind
from models.store import ModelStore


@pytest.fixture
def bare(tmp_path):
    return ModelStore(tmp_path / "bare")


@pytest.fixture
def full(tmp_path):
    """A store whose files are all there (and empty)."""
    store = ModelStore(tmp_path / "full")
    for one in CARDS.values():
        for file in one.files if not one.bundled else ():
            path = store.place(one, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return store


def test_without_fetching_the_bundled_ones_are_used(bare):
    assert best_detector(bare)[0] == "nanodet"
    assert {kind: best_embedder(kind, bare)[0] for kind in Kind} == {
        Kind.PERSON: "person_small",
        Kind.MOTOR_VEHICLE: "colour_stripes",
        Kind.NON_MOTOR_VEHICLE: "colour_stripes",
    }


def test_with_everything_fetched_the_best_are_used(full):
    assert best_detector(full)[0] == "omz2002"
    assert best_embedder(Kind.PERSON, full)[0] == "omz0277"
    assert best_embedder(Kind.MOTOR_VEHICLE, full)[0] == "colour_stripes"


def test_an_ssd_network_without_its_priors_is_not_there(full):
    full.place(card("omz2002"), card("omz2002").files[1]).unlink()
    assert best_detector(full)[0] == "nanodet"


def test_the_list_says_what_is_here_and_why(bare, full):
    rows = {row.name: row for row in listing(bare)}
    assert list(rows) == list(CARDS)
    assert rows["nanodet"].present == "bundled"
    assert rows["nanodet"].used_for == "detection"
    assert "not fetched" in rows["nanodet"].why
    assert rows["person_small"].used_for == "person"
    assert rows["person_small"].present == "bundled"
    assert "not fetched" in rows["person_small"].why
    assert rows["colour_stripes"].used_for == "motor_vehicle, non_motor_vehicle"
    assert rows["clothing"].used_for == "clothing colours"
    assert rows["clothing"].present == "bundled"
    assert rows["omz2002"].present == "missing"
    assert rows["omz2002"].used_for == ""
    assert rows["omz2002"].size_bytes == 7304464 + 174328
    fetched = {row.name: row for row in listing(full)}
    assert fetched["omz2002"].used_for == "detection"
    assert fetched["omz0277"].used_for == "person"
    assert fetched["omz0277"].engine == "onnxruntime-cpu-fp32"
    assert fetched["omz0039"].used_for == "vehicle colour"
    assert fetched["nanodet"].used_for == ""
