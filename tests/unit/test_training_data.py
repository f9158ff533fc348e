"""What a network is trained on: the recipe, the split, the alterations."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import BadRecipe
from models.training import augmentation
from models.training.augmentation import Sampler
from models.training.crops import HEIGHT, WIDTH, Crops, read_split
from models.training.recipe import Augmentation, Data, read_recipe

RECIPE = Path(__file__).resolve().parents[2] / "configs" / "training" / "person_small.yaml"
ALTERATIONS = [
    augmentation.recolour,
    augmentation.flip,
    augmentation.reframe,
    augmentation.shadow,
    augmentation.light,
    augmentation.shrink,
    augmentation.blur,
    augmentation.noise,
    augmentation.jpeg,
]


def chances(value: float) -> Augmentation:
    return Augmentation(**dict.fromkeys(Augmentation.model_fields, value))


def some_crops(n: int = 12, folders: int = 3) -> Crops:
    rng = np.random.default_rng(5)
    return Crops(rng.integers(256, size=(n, HEIGHT, WIDTH, 3), dtype=np.uint8), np.arange(n) % folders)


def write_crops(root: Path, folder: str, n: int) -> None:
    (root / folder).mkdir(parents=True)
    for i in range(n):
        cv2.imwrite(str(root / folder / f"{i:03}.png"), np.full((20, 10, 3), i, np.uint8))


def test_the_shipped_recipe_reads_and_leaves_benchmarks_out() -> None:
    recipe = read_recipe(RECIPE)
    assert recipe.name == "person_small"
    assert {"pku_reid", "tud_stadtmitte"} <= set(recipe.data.excluded)
    assert recipe.optimiser.steps * recipe.optimiser.batch >= recipe.optimiser.samples


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", "no YAML"),
        ("name: person_small", "seed: Field required"),
        ("[]", "recipe: "),
        (RECIPE.read_text("utf-8").replace("flip: 0.5", "flip: 1.5"), "augmentation.flip"),
        (RECIPE.read_text("utf-8").replace("seed:", "sead:"), "seed"),
    ],
)
def test_a_bad_recipe_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadRecipe, match=said) as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match=r"nowhere\.yaml: No such file"):
        read_recipe(tmp_path / "nowhere.yaml")


def test_the_split_keeps_what_is_unseen_apart(tmp_path: Path) -> None:
    for folder, n in (("street", 200), ("elsewhere", 7), ("benchmark", 5)):
        write_crops(tmp_path, folder, n)
    data = Data(excluded=("benchmark",), held_out=("elsewhere",), held_out_share=0.2)
    split = read_split(tmp_path, data)
    assert len(split.unseen) == 7
    assert len(split.train) + len(split.held_out) == 200
    assert 20 <= len(split.held_out) <= 60
    trained = {int(picture[0, 0, 0]) for picture in split.train.pictures}
    assert trained.isdisjoint(int(picture[0, 0, 0]) for picture in split.held_out.pictures)


def test_the_same_crops_are_held_out_when_others_come_and_go(tmp_path: Path) -> None:
    write_crops(tmp_path, "street", 100)
    before = {int(picture[0, 0, 0]) for picture in read_split(tmp_path, Data()).held_out.pictures}
    (tmp_path / "street" / "000.png").unlink()
    write_crops(tmp_path, "another", 3)
    held_out = read_split(tmp_path, Data()).held_out
    street = held_out.pictures[held_out.folders == 1]
    assert {int(picture[0, 0, 0]) for picture in street} == before - {0}


@pytest.mark.parametrize(
    ("data", "said"), [(Data(held_out=("nowhere",)), "no folder nowhere"), (Data(excluded=("street",)), "no pictures")]
)
def test_crops_that_cannot_be_used_are_refused(tmp_path: Path, data: Data, said: str) -> None:
    write_crops(tmp_path, "street", 2)
    with pytest.raises(BadRecipe, match=said):
        read_split(tmp_path, data)


def test_a_batch_depends_on_seed_and_number_alone() -> None:
    crops = some_crops()
    again, other = (Sampler(crops, Data(), chances(0.5), seed) for seed in (3, 4))
    first = Sampler(crops, Data(), chances(0.5), 3)
    first.batch(0, 6)
    assert np.array_equal(first.batch(7, 6), again.batch(7, 6))
    assert not np.array_equal(again.batch(7, 6), again.batch(8, 6))
    assert not np.array_equal(again.batch(7, 6), other.batch(7, 6))


def test_without_alterations_the_crops_themselves_come() -> None:
    crops = some_crops()
    known = {picture.tobytes() for picture in crops.pictures}
    batch = Sampler(crops, Data(), chances(0.0), 1).batch(0, 20)
    assert {picture.tobytes() for picture in batch} <= known


def test_rarer_alterations_leave_mirroring_and_twins_alone() -> None:
    rarer = chances(0.8).scaled(0.5)
    assert (rarer.light, rarer.occlude, rarer.flip, rarer.twin) == (0.4, 0.4, 0.8, 0.8)


def test_a_twin_is_the_crop_before_it() -> None:
    batch = Sampler(some_crops(), Data(), chances(0.0).model_copy(update={"twin": 1.0}), 1).batch(0, 2)
    assert np.array_equal(batch[0], batch[1])


def test_a_share_of_the_batch_comes_from_one_folder() -> None:
    crops = some_crops(300, 30)
    of_picture = {picture.tobytes(): folder for picture, folder in zip(crops.pictures, crops.folders, strict=True)}
    batch = Sampler(crops, Data(same_folder_share=1.0), chances(0.0), 1).batch(0, 20)
    assert len({of_picture[picture.tobytes()] for picture in batch}) == 1


@pytest.mark.parametrize("alter", ALTERATIONS, ids=lambda each: each.__name__)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), level=st.integers(0, 255))
def test_every_alteration_keeps_size_and_depth(alter, seed: int, level: int) -> None:
    rng = np.random.default_rng(seed)
    for picture in (np.full((HEIGHT, WIDTH, 3), level, np.uint8), some_crops(1).pictures[0]):
        before = picture.copy()
        altered = alter(rng, picture)
        assert (altered.shape, altered.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
        assert np.array_equal(picture, before), "the crop itself must not change"


def test_recolouring_changes_clothes_and_leaves_the_edges() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), (40, 40, 200), np.uint8)
    altered = augmentation.recolour(np.random.default_rng(2), picture).astype(int)
    changed = np.abs(altered - picture).max(axis=2)
    assert changed.max() > 40
    assert changed[:5].max() <= 2
    assert changed[:, :2].max() <= 12


def test_mixing_outfits_takes_the_lower_half_of_another() -> None:
    pictures = np.stack([np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in (10, 200)])
    sampler = Sampler(
        Crops(pictures, np.zeros(2, np.int64)), Data(), chances(0.0).model_copy(update={"mix_outfit": 1.0}), 0
    )
    mixed = [sampler.altered(np.random.default_rng(seed), pictures[0]) for seed in range(20)]
    found = [picture for picture in mixed if picture[-1].max() > 190]
    assert found
    assert all(picture[0].max() <= 12 for picture in found)


def test_nothing_is_darkened_beyond_recognition() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), 24, np.uint8)
    means = [augmentation.light(np.random.default_rng(seed), picture).mean() for seed in range(50)]
    assert min(means) >= 10
