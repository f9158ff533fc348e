"""One training run, from crops to a trained student; goes on where it was cut off."""

import csv
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.detections import Image
from models.training.augmentation import Sampler
from models.training.checks import Exam, as_input
from models.training.crops import Split
from models.training.losses import Blame
from models.training.recipe import Optimiser, Recipe
from models.training.student import Student, with_imagenet_weights
from models.training.teacher import Lesson, Teacher

CHECKPOINT, LOG = "checkpoint.pt", "log.csv"
_WRITE_EVERY = 10
_SAVE_EVERY = 200

Report = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    pictures: Image
    lesson: Lesson


class Run:
    """Holds everything that changes during training; `go` returns the averaged student."""

    def __init__(self, recipe: Recipe, split: Split, teacher: Teacher, folder: Path) -> None:
        torch.manual_seed(recipe.seed)
        self._recipe = recipe
        self._teacher = teacher
        self._folder = folder
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._student = with_imagenet_weights(Student()).to(self._device, memory_format=torch.channels_last)
        average = get_ema_multi_avg_fn(recipe.optimiser.average)
        self._averaged = AveragedModel(self._student, multi_avg_fn=average, use_buffers=True)
        self._optimiser = torch.optim.AdamW(
            _with_and_without_decay(self._student, recipe.optimiser.weight_decay), lr=recipe.optimiser.stages[0].rate
        )
        self._blame = Blame(recipe.losses)
        self._sampler = Sampler(split.train, recipe.data, recipe.augmentation, recipe.seed)
        self._exams = {
            name: Exam(crops, teacher, recipe.augmentation, recipe.seed)
            for name, crops in (("held_out", split.held_out), ("unseen", split.unseen))
            if len(crops)
        }

    def go(self, report: Report) -> Student:
        """Train to the end; `report` gets the step and the figures of each written row."""
        start = self._resume()
        settings = self._recipe.optimiser
        checks = {round(settings.steps * (i + 1) / settings.checks) for i in range(settings.checks)}
        began = time.monotonic()
        for step, batch in zip(range(start, settings.steps), self._batches(start), strict=False):
            figures = self._step(step, batch)
            done = step + 1
            if done in checks:
                figures |= self.check()
            if done in checks or done % _WRITE_EVERY == 0:
                figures["crops_per_s"] = round((done - start) * settings.batch / (time.monotonic() - began), 1)
                self._write(done, figures)
                report(done, figures)
            if done % _SAVE_EVERY == 0 or done == settings.steps:
                self._save(done)
        return self.student

    @property
    def student(self) -> Student:
        """The running mean of the student's weights, which is what is exported."""
        averaged: Student = self._averaged.module
        return averaged

    def check(self) -> dict[str, float]:
        """Measure the averaged student on crops that it is not trained on."""
        rows = [exam.check(self.student).row(name) for name, exam in self._exams.items()]
        return {name: value for row in rows for name, value in row.items()}

    def _step(self, step: int, batch: _Batch) -> dict[str, float]:
        rate = rate_at(step, self._recipe.optimiser)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        taught, taught_maps = (
            torch.from_numpy(each).to(self._device) for each in (batch.lesson.vectors, batch.lesson.maps)
        )
        with torch.autocast(self._device.type, torch.bfloat16):
            answer = self._student(as_input(batch.pictures, self._device))
        terms = self._blame(answer.vectors, answer.maps, taught, taught_maps)
        self._optimiser.zero_grad()
        terms["total"].backward()
        torch.nn.utils.clip_grad_norm_(self._student.parameters(), 5.0)
        self._optimiser.step()
        self._averaged.update_parameters(self._student)
        return {"rate": rate, **{name: round(value.item(), 5) for name, value in terms.items()}}

    def _batches(self, start: int) -> Iterator[_Batch]:
        """Alter and label the next batch while the current one is learned."""
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self._batch, start)
            for number in range(start, self._recipe.optimiser.steps):
                batch = coming.result()
                coming = pool.submit(self._batch, number + 1)
                yield batch

    def _batch(self, number: int) -> _Batch:
        settings = self._recipe.optimiser
        pictures = self._sampler.batch(number, settings.batch, settings.at(number)[0].alteration)
        return _Batch(pictures, self._teacher.teach(pictures))

    def _save(self, step: int) -> None:
        state = {
            "step": step,
            "student": self._student.state_dict(),
            "averaged": self._averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "bank": self._blame.bank,
        }
        whole = self._folder / CHECKPOINT
        part = whole.with_suffix(".part")
        torch.save(state, part)
        part.replace(whole)

    def _resume(self) -> int:
        path = self._folder / CHECKPOINT
        if not path.is_file():
            (self._folder / LOG).unlink(missing_ok=True)
            return 0
        state: dict[str, Any] = torch.load(path, map_location=self._device, weights_only=True)
        self._student.load_state_dict(state["student"])
        self._averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._blame.bank = state["bank"]
        return int(state["step"])

    def _write(self, step: int, figures: Mapping[str, float]) -> None:
        """Add a row per figure, so that rows of different kinds fit one file."""
        path = self._folder / LOG
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if not file.tell():
                writer.writerow(("samples", "figure", "value"))
            writer.writerows((step * self._recipe.optimiser.batch, name, value) for name, value in figures.items())


def rate_at(step: int, settings: Optimiser) -> float:
    """Learning rate of a step: in each stage a straight rise, then half a cosine down to a hundredth."""
    stage, step = settings.at(step)
    rise = max(1, stage.rise // settings.batch)
    if step < rise:
        return stage.rate * (step + 1) / rise
    done = (step - rise) / max(1, settings.steps_of(stage) - rise)
    return float(stage.rate * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * done))))


def _with_and_without_decay(student: Student, decay: float) -> list[dict[str, Any]]:
    """Norms and offsets are not pulled to zero."""
    matrices = [each for each in student.parameters() if each.ndim > 1]
    others = [each for each in student.parameters() if each.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
