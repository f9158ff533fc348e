"""The documented rule by which an engine is chosen."""

from dataclasses import replace

from models.engine.host import Host, describe_host
from models.engine.settings import EngineChoice, EngineSettings
from models.errors import EngineUnavailable


def choose(
    settings: EngineSettings, *, for_detection: bool = False, host: Host | None = None
) -> tuple[EngineSettings, EngineChoice]:
    """Settle every "auto"; returns settings without "auto", and the choice with its reason.

    1. What is asked for by name is taken, or EngineUnavailable says what is missing.
    2. A GPU provider means onnxruntime in fp32; bf16 on the CPU means OpenVINO.
    3. Detection on a CPU with instructions for bf16 (AMX, AVX-512 BF16) runs on OpenVINO in bf16: there it is 1.2 to 4
       times as fast, and AP50 differs by less than 0.003 (`python -m benchmarks detection`).
    4. Everything else runs on onnxruntime in fp32. Embedding always does unless asked otherwise, so that vectors made
       on different machines of one deployment may be compared.
    """
    host = host or describe_host()
    settled, why = _settle(settings, for_detection, host)
    _must_exist(settled, host)
    return settled, EngineChoice(f"{settled.engine}-{settled.provider}-{settled.precision}", why)


def _settle(settings: EngineSettings, for_detection: bool, host: Host) -> tuple[EngineSettings, str]:
    asked = settings.engine != "auto"
    if settings.provider != "cpu":
        engine = settings.engine if asked else "onnxruntime"
        return _with(settings, engine, "fp32"), f"provider {settings.provider} is configured"
    fast = for_detection and bool(host.bf16_units)
    if asked:
        automatic = "bf16" if fast and settings.engine == "openvino" else "fp32"
        return _with(settings, settings.engine, automatic), f"engine {settings.engine} is configured"
    if settings.precision == "bf16":
        return _with(settings, "openvino", "bf16"), "precision bf16 is configured"
    if fast and settings.precision == "auto":
        return _with(settings, "openvino", "bf16"), f"this CPU computes bf16 in {host.bf16_units}"
    if for_detection and settings.precision == "auto":
        return _with(settings, "onnxruntime", "fp32"), "this CPU has no instructions for bf16"
    why = "precision fp32 is configured" if settings.precision == "fp32" else "vectors stay comparable between machines"
    return _with(settings, "onnxruntime", "fp32"), why


def _with(settings: EngineSettings, engine: str, precision: str) -> EngineSettings:
    chosen = precision if settings.precision == "auto" else settings.precision
    return replace(settings, engine=engine, precision=chosen)  # type: ignore[arg-type]


def _must_exist(settled: EngineSettings, host: Host) -> None:
    if settled.engine == "openvino" and settled.provider != "cpu":
        raise EngineUnavailable(f"openvino runs on the CPU here: for {settled.provider} set engine to onnxruntime")
    if settled.engine == "onnxruntime" and settled.precision == "bf16":
        raise EngineUnavailable("onnxruntime has no bf16: set engine to openvino or precision to fp32")
    if settled.precision == "bf16" and not host.bf16:
        raise EngineUnavailable("this CPU does not compute in bf16: set precision to fp32 or auto")
    wanted = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}.get(settled.provider)
    if wanted and wanted not in host.providers:
        raise EngineUnavailable(
            f"this onnxruntime has no {settled.provider} provider: install onnxruntime-gpu in place of onnxruntime, "
            "or set provider to cpu"
        )
