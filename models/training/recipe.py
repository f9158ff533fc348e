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


class Optimiser(_Part):
    """AdamW with a linear rise and a cosine fall; `average` is the decay of the running mean of the weights."""

    batch: Annotated[int, Field(ge=4)]
    samples: Annotated[int, Field(ge=1)]
    rise: Annotated[int, Field(ge=0)]
    rate: Annotated[float, Field(gt=0)]
    weight_decay: Weight
    average: Share
    checks: Annotated[int, Field(ge=1)]

    @property
    def steps(self) -> int:
        """How many batches the run takes."""
        return -(-self.samples // self.batch)


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
