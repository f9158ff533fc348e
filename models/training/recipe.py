"""Everything that decides what a training run gives: read from a YAML file, written beside the result."""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import BadRecipe

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Part):
    """Which crops are seen: `excluded` and `held_out` are folder names, `held_out_share` a share of every other one."""

    excluded: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    held_out_share: Share = 0.05
    same_folder_share: Share = 0.5


class Augmentation(_Part):
    """How often each alteration of a crop happens; `models.training.augmentation` says what each does."""

    twin: Share
    mix_outfit: Share
    swap_background: Share
    recolour: Share
    reframe: Share
    flip: Share
    occlude: Share
    shadow: Share
    light: Share
    blur: Share
    shrink: Share
    noise: Share
    jpeg: Share

    def scaled(self, factor: float) -> "Augmentation":
        """Every alteration that much rarer; mirroring and twins, which cost no truth, stay."""
        kept = {"flip", "twin"}
        rarer = {name: value * factor for name, value in self.model_dump().items() if name not in kept}
        return self.model_copy(update=rarer)


class Losses(_Part):
    """Weights of the terms of the loss, and the temperatures of the two softmax terms."""

    cosine: Weight
    dense: Weight
    matrix: Weight
    neighbours: Weight
    bank: Weight
    neighbours_temperature: Annotated[float, Field(gt=0)]
    bank_temperature: Annotated[float, Field(gt=0)]
    bank_size: Annotated[int, Field(ge=1)]


class Stage(_Part):
    """One rise (over `rise` samples) and fall of the learning rate.

    `alteration` scales how often crops are altered: the first stage learns from everything, the last from what cameras
    really show.
    """

    samples: Annotated[int, Field(ge=1)]
    rise: Annotated[int, Field(ge=0)]
    rate: Annotated[float, Field(gt=0)]
    alteration: Share = 1.0


class Optimiser(_Part):
    """AdamW over one stage after the other; `average` is the decay of the running mean of the weights."""

    batch: Annotated[int, Field(ge=4)]
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    weight_decay: Weight
    average: Share
    checks: Annotated[int, Field(ge=1)]

    @property
    def samples(self) -> int:
        """How many altered crops the run shows."""
        return sum(stage.samples for stage in self.stages)

    @property
    def steps(self) -> int:
        """How many batches the run takes."""
        return sum(map(self.steps_of, self.stages))

    def steps_of(self, stage: Stage) -> int:
        """How many batches a stage takes."""
        return -(-stage.samples // self.batch)

    def at(self, step: int) -> tuple[Stage, int]:
        """Return the stage of a step and the step within it."""
        for stage in self.stages[:-1]:
            if step < self.steps_of(stage):
                return stage, step
            step -= self.steps_of(stage)
        return self.stages[-1], step


class Recipe(_Part):
    """One training run. The same recipe on the same machine with the same library versions gives the same network."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    seed: int
    teacher: str
    data: Data
    augmentation: Augmentation
    losses: Losses
    optimiser: Optimiser


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; raises BadRecipe with one sentence that names the field."""
    try:
        return Recipe.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise BadRecipe(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise BadRecipe(f"{path}: no YAML: {str(error).splitlines()[0]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRecipe(f"{path}: {'.'.join(map(str, first['loc'])) or 'recipe'}: {first['msg']}") from error
