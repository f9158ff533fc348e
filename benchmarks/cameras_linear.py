"""What one more camera costs: `python -m benchmarks.cameras_linear`.

The real pipeline (`zhian bench cameras`) over 1, 2, 4, 8 and 16 copies of a 640x360 film at 25 a second with people
always in view, 5 pictures a second analysed of each. The cores kept busy should lie on a straight line through nothing
but a small fixed cost: each number that held must be within 10 % of the line through all that did. Writes
results/cameras_linear.json and .png.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.evaluation_set import ROOT, write_result
from benchmarks.gate_footage import FPS, PETS, PETS_FPS, encode, pictures
from pipeline.assembly import load_networks
from pipeline.bench.camera_load import LoadFigures, bench_load

NUMBERS = (1, 2, 4, 8, 16)
SECONDS, FILM_S = 30.0, 40.0
MOST_AWAY = 0.10


def film(path: Path) -> Path:
    shown = pictures(PETS)
    frames = (shown[int(n / FPS * PETS_FPS) % len(shown)] for n in range(round(FILM_S * FPS)))
    return encode(path, frames, (640, 360), 600_000)


def line(cameras: list[int], cores: list[float]) -> tuple[float, float]:
    """Return cores a camera and the fixed cost: the line whose largest share of error is smallest in squares."""
    weight = 1 / np.array(cores)
    design = np.stack([np.array(cameras, float), np.ones(len(cameras))], axis=1) * weight[:, None]
    slope, fixed = np.linalg.lstsq(design, np.ones(len(cameras)), rcond=None)[0]
    return float(slope), float(fixed)


def draw(loads: list[LoadFigures], slope: float, fixed: float, path: Path) -> None:
    from matplotlib.figure import Figure

    picture = Figure(figsize=(6, 4), layout="constrained")
    axes = picture.add_subplot()
    ends = np.array([0, max(load.cameras for load in loads)])
    axes.plot(ends, slope * ends + fixed, color="#b0b0b0", label=f"{slope:.3f} cores a camera + {fixed:.2f}")
    for load in loads:
        held = load.sustained
        axes.plot(load.cameras, load.cpu_cores, "o", color="#0b6e4f" if held else "#e09f3e")
    axes.set_xlabel("cameras, 640x360 at 25 a second, 5 analysed (orange: did not hold)")
    axes.set_ylabel("cores busy")
    axes.legend(frameon=False)
    picture.savefig(path, dpi=130, format="png")


def main(_: list[str]) -> int:
    networks = load_networks()
    loads = []
    with tempfile.TemporaryDirectory() as made:
        source = str(film(Path(made) / "pets.mp4"))
        for number in NUMBERS:
            folder = Path(made) / str(number)
            folder.mkdir()
            quiet = lambda *_: None  # noqa: E731
            load = bench_load(source, number, 5.0, SECONDS, folder=folder, networks=networks, report=quiet)
            loads.append(load)
            print(number, load.cpu_cores, load.sustained, load.why_not, flush=True)
    held = [load for load in loads if load.sustained]
    slope, fixed = line([load.cameras for load in held], [load.cpu_cores for load in held])
    rows = []
    for load in loads:
        away = load.cpu_cores / (slope * load.cameras + fixed) - 1
        row = {"cameras": load.cameras, "held": load.sustained, "why_not": load.why_not, "cores": load.cpu_cores}
        rows.append({**row, "away_from_line": round(away, 4), "cpu_share": dict(load.cpu_share)})
    most = max(abs(row["away_from_line"]) for row in rows if row["held"])
    result = {"cores_a_camera": round(slope, 4), "fixed_cores": round(fixed, 4), "most_away": most, "rows": rows}
    print(json.dumps(result))
    write_result("cameras_linear", result)
    draw(loads, slope, fixed, ROOT / "results" / "cameras_linear.png")
    return 0 if most <= MOST_AWAY else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
