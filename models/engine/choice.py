"""The documented rule by which an engine is chosen."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from models.engine.host import Host, describe_host
from models.engine.race import Figure, mean_ms
from models.engine.settings import AUTO, EngineChoice, EngineSettings
from models.errors import EngineUnavailable

# Less exact numbers must be worth it.
WORTH = 1.05
_GPU = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}


def choose(
    settings: EngineSettings,
    *,
    for_detection: bool = False,
    host: Host | None = None,
    measured: Sequence[Figure] = (),
    inexact: Collection[str] = (),
) -> tuple[EngineSettings, EngineChoice]:
    """Settle every "auto"; returns settings without "auto", and the choice with its reason.

    1. What is asked for by name is taken, or EngineUnavailable says what is missing.
    2. Detection runs on what was measured to be the fastest here (`zhian models measure`) among what the names leave
       open. bf16 and tf32 have to be 5 % faster than fp32 for it; AP50 differs by at most 0.004 in bf16 (`python -m
       benchmarks detection`), and tf32 deviates less (`python -m benchmarks gpu`). What is `inexact`, labels whose
       outputs were measured to be too far from fp32's, is not chosen, however fast it is.
    3. A GPU provider means onnxruntime, detection on CUDA in tf32, all else in fp32; bf16 on the CPU means OpenVINO.
    4. As long as nothing was measured, detection on a CPU with instructions for bf16 (AMX, AVX-512 BF16) runs on
       OpenVINO in bf16.
    5. Everything else runs on the CPU, on onnxruntime in fp32. Embedding always does unless asked otherwise, so that
       vectors made on different machines of one deployment may be compared.
    """
    host = host or describe_host()
    found = _fastest(settings, host, measured, inexact) if for_detection else None
    settled, why = found or _settle(settings, for_detection, host)
    _must_exist(settled, host)
    return settled, EngineChoice(label_of(settled), why)


def candidates(settings: EngineSettings, host: Host | None = None) -> list[EngineSettings]:
    """Return everything this machine has that the names in `settings` leave open.

    TensorRT takes minutes to build a network and is only taken by name.
    """
    host = host or describe_host()
    every = [("onnxruntime", "cpu", "fp32"), ("openvino", "cpu", "fp32")]
    every += [("openvino", "cpu", "bf16")] if host.bf16 else []
    if _GPU["cuda"] in host.providers:
        every += [("onnxruntime", "cuda", "fp32"), ("onnxruntime", "cuda", "tf32")]
    asked = (settings.engine, settings.provider, settings.precision)
    fitting = [one for one in every if all(want in {AUTO, has} for want, has in zip(asked, one, strict=True))]
    return [replace(settings, engine=e, provider=p, precision=b) for e, p, b in fitting]  # type: ignore[arg-type]


def label_of(settled: EngineSettings) -> str:
    """Return engine-provider-precision."""
    return f"{settled.engine}-{settled.provider}-{settled.precision}"


def _fastest(
    settings: EngineSettings, host: Host, measured: Sequence[Figure], inexact: Collection[str]
) -> tuple[EngineSettings, str] | None:
    """Return the fastest of what is open, or None where there is nothing to choose or nothing is known of it."""
    open_to = {label_of(one): one for one in candidates(settings, host)}
    known = {label: ms for label, ms in mean_ms(measured).items() if label in open_to}
    right = {label: ms for label, ms in known.items() if label not in inexact}
    if len(known) < 2 or not right:
        return None
    exact = [label for label in right if open_to[label].precision == "fp32"]
    best = next(iter(right))
    if exact and right[exact[0]] < WORTH * right[best]:
        best = exact[0]
    wrong = [label for label in known if label in inexact]
    return open_to[best], _said(best, right, sorted({each.batch for each in measured}), wrong)


def _said(best: str, known: Mapping[str, float], batches: Sequence[int], wrong: Sequence[str]) -> str:
    others = [f"{label} {ms:.1f}" for label, ms in known.items() if label != best]
    others += [f"{label} computes something else" for label in wrong]
    sizes = " and ".join(str(batch) for batch in batches)
    return ", ".join([f"measured here in batches of {sizes}: {known[best]:.1f} ms a picture", *others])


def _settle(settings: EngineSettings, for_detection: bool, host: Host) -> tuple[EngineSettings, str]:
    if settings.provider == AUTO:
        settings = replace(settings, provider="cpu")
    asked = settings.engine != AUTO
    if settings.provider != "cpu":
        engine = settings.engine if asked else "onnxruntime"
        automatic = "tf32" if for_detection and settings.provider == "cuda" else "fp32"
        return _with(settings, engine, automatic), f"provider {settings.provider} is configured"
    fast = for_detection and bool(host.bf16_units)
    if asked:
        automatic = "bf16" if fast and settings.engine == "openvino" else "fp32"
        return _with(settings, settings.engine, automatic), f"engine {settings.engine} is configured"
    if settings.precision == "bf16":
        return _with(settings, "openvino", "bf16"), "precision bf16 is configured"
    if fast and settings.precision == AUTO:
        return _with(settings, "openvino", "bf16"), f"this CPU computes bf16 in {host.bf16_units}"
    if for_detection and settings.precision == AUTO:
        return _with(settings, "onnxruntime", "fp32"), "this CPU has no instructions for bf16"
    why = "precision fp32 is configured" if settings.precision == "fp32" else "vectors stay comparable between machines"
    return _with(settings, "onnxruntime", "fp32"), why


def _with(settings: EngineSettings, engine: str, precision: str) -> EngineSettings:
    chosen = precision if settings.precision == AUTO else settings.precision
    return replace(settings, engine=engine, precision=chosen)  # type: ignore[arg-type]


def _must_exist(settled: EngineSettings, host: Host) -> None:
    if settled.engine == "openvino" and settled.provider != "cpu":
        raise EngineUnavailable(f"openvino runs on the CPU here: for {settled.provider} set engine to onnxruntime")
    if settled.engine == "onnxruntime" and settled.precision == "bf16":
        raise EngineUnavailable("onnxruntime has no bf16: set engine to openvino or precision to fp32")
    if settled.precision == "tf32" and settled.provider != "cuda":
        raise EngineUnavailable("only a GPU computes in tf32: set provider to cuda, or precision to fp32 or auto")
    if settled.precision == "bf16" and not host.bf16:
        raise EngineUnavailable("this CPU does not compute in bf16: set precision to fp32 or auto")
    wanted = _GPU.get(settled.provider)
    if wanted and wanted not in host.providers:
        raise EngineUnavailable(
            f"this onnxruntime has no {settled.provider} provider: install onnxruntime-gpu in place of onnxruntime, "
            "or set provider to cpu"
        )
