"""The whole way from a recipe to a network with its card."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.batch_axis import with_dynamic_batch
from models.card import InputLayout
from models.cards import card as card_named
from models.detections import Image
from models.engine import EngineSettings, describe_host, open_engine
from models.errors import BadRecipe
from models.preparation import Preparation
from models.store import ModelStore
from models.training.checks import FloatArray, embed
from models.training.crops import HEIGHT, WIDTH, Split, read_split
from models.training.curves import draw, read_log
from models.training.export import INPUT, export
from models.training.model_card import Facts, model_card
from models.training.recipe import Recipe, read_recipe
from models.training.run import LOG, Run
from models.training.speed import Contender, race
from models.training.student import Student, parameters_of
from models.training.teacher import Teacher

_RECIPE = "recipe.yaml"
_LAYOUT = InputLayout(INPUT, WIDTH, HEIGHT)
_RACES = ((EngineSettings("onnxruntime", "cpu", "fp32", 1), 1), (EngineSettings("onnxruntime", "cpu", "fp32", 1), 16))


def produce(recipe_path: Path, crops: Path, out: Path) -> Facts:
    """Train, check, export and describe; raises BadRecipe, ModelMissing or TrainingMissing."""
    recipe = read_recipe(recipe_path)
    _claim(recipe_path, recipe, out)
    store = ModelStore()
    teacher = Teacher(recipe.teacher, store)
    split = read_split(crops, recipe.data)
    run = Run(recipe, split, teacher, out)
    student = _with_progress(run, recipe)
    checks = run.check()
    draw(out / LOG, out / "curves.png")
    network = out / f"{recipe.name}.onnx"
    unseen = split.unseen.pictures if len(split.unseen) else split.held_out.pictures
    trained = embed(student, unseen)
    export(student, network)
    facts = _facts(recipe, split, student, network, checks, store, _cosine(trained, _embedded(network, unseen)), out)
    (out / "figures.json").write_text(json.dumps(_plain(facts), indent=1) + "\n", "utf-8")
    (out / "MODEL_CARD.md").write_text(model_card(facts), "utf-8")
    return facts


def _claim(path: Path, recipe: Recipe, out: Path) -> None:
    """A folder belongs to one recipe: half a run of another must not be continued by this one."""
    out.mkdir(parents=True, exist_ok=True)
    kept = out / _RECIPE
    if kept.is_file() and read_recipe(kept) != recipe:
        raise BadRecipe(f"{out} holds a run of another recipe: give another --out, or remove it")
    shutil.copyfile(path, kept)


def _with_progress(run: Run, recipe: Recipe) -> Student:
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("", total=recipe.optimiser.steps)

        def report(step: int, figures: Mapping[str, float]) -> None:
            shown = f"loss {figures['total']:.3f}, {figures['crops_per_s']:.0f} crops/s"
            progress.update(task, completed=step, description=shown)
            checked = [f"{name} {value}" for name, value in figures.items() if name.startswith(("held_out", "unseen"))]
            if checked:
                progress.console.print(", ".join(checked))

        return run.go(report)


def _facts(
    recipe: Recipe,
    split: Split,
    student: Student,
    network: Path,
    checks: Mapping[str, float],
    store: ModelStore,
    export_cosine: float,
    out: Path,
) -> Facts:
    teacher = card_named(recipe.teacher)
    large = Contender(store.path(teacher)[0], teacher.input)
    host = describe_host()
    races = [(settings, batch) for settings, batch in _RACES]
    races.append((EngineSettings("openvino", "cpu", "bf16" if host.bf16 else "fp32"), 16))
    written = network.read_bytes()
    return Facts(
        recipe=recipe,
        parameters=parameters_of(student),
        sha256=hashlib.sha256(written).hexdigest(),
        size_bytes=len(written),
        crops={"train": len(split.train), "held_out": len(split.held_out), "unseen": len(split.unseen)},
        checks=checks,
        export_cosine=export_cosine,
        races=[race(large, Contender(network, _LAYOUT), settings, batch).row() for settings, batch in races],
        host=f"{host.cores} cores of {host.cpu}{_accelerator()}",
        versions=f"torch {torch.__version__}",
        hours=_hours(out / LOG),
    )


def _accelerator() -> str:
    return f" and {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""


def _hours(log: Path) -> float:
    """From the speed that the log tells, so that a run that was cut off counts no pauses."""
    points = read_log(log)["crops_per_s"]
    seen = [samples for samples, _ in points]
    speeds = [value for _, value in points]
    return float(np.sum(np.diff([0, *seen]) / np.array(speeds)) / 3600)


def _embedded(network: Path, pictures: Image) -> FloatArray:
    engine = open_engine(
        with_dynamic_batch(network.read_bytes()), settings=EngineSettings("onnxruntime", "cpu", "fp32")
    )
    blob, _ = Preparation(_LAYOUT).batch(list(pictures))
    vectors = next(iter(engine.run({engine.input_names[0]: blob}).values()))
    unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _cosine(one: FloatArray, other: FloatArray) -> float:
    return float(np.mean((one * other).sum(1)))


def _plain(facts: Facts) -> dict[str, object]:
    return {**asdict(facts), "recipe": facts.recipe.model_dump()}
