"""Trains the bundled clothing network.

python -m models.training.clothing --labels LABELS.csv --shared FOLDER --pose movenet_multipose.onnx --out F.onnx

FOLDER holds the labelled pictures and `crops/SOURCE/PICTURE`, unlabelled ones. Sources with held-out labels are left
out. About half an hour on 2 cores. Exit codes: 0 done; 2 bad input, with one line that says what.
"""

import argparse
import sys
from pathlib import Path

from models.errors import ModelError


def main(argv: list[str]) -> int:
    """Run; errors of the user give one line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.clothing", description=__doc__.splitlines()[0])
    for name, told in (
        ("labels", "part,picture,box,upper,lower"),
        ("shared", "folder the pictures' names start from"),
        ("pose", "MoveNet multipose as ONNX"),
        ("out", "where the network goes"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, help=told)
    given = parser.parse_args(argv)
    try:
        from models.training.clothing.produce import produce
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed: training has an environment of its own", file=sys.stderr)  # noqa: T201
        return 2
    try:
        produce(given.labels, given.shared, given.pose, given.out)
    except (ModelError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
