from dataclasses import replace

import pytest

from models.engine import EngineSettings, Host, choose
from models.errors import EngineUnavailable

PLAIN = Host("x", 2, "", bf16=False, onnxruntime="1", openvino="1", providers=("CPUExecutionProvider",))
AMX = replace(PLAIN, bf16_units="AMX", bf16=True)
GPU = replace(PLAIN, providers=("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"))


@pytest.mark.parametrize(
    ("host", "for_detection", "settings", "label"),
    [
        (PLAIN, True, {}, "onnxruntime-cpu-fp32"),
        (AMX, True, {}, "openvino-cpu-bf16"),
        (AMX, False, {}, "onnxruntime-cpu-fp32"),
        (AMX, True, {"precision": "fp32"}, "onnxruntime-cpu-fp32"),
        (AMX, True, {"engine": "onnxruntime"}, "onnxruntime-cpu-fp32"),
        (AMX, True, {"engine": "openvino"}, "openvino-cpu-bf16"),
        (AMX, False, {"engine": "openvino"}, "openvino-cpu-fp32"),
        (AMX, False, {"precision": "bf16"}, "openvino-cpu-bf16"),
        (PLAIN, True, {"engine": "openvino"}, "openvino-cpu-fp32"),
        (GPU, True, {"provider": "cuda"}, "onnxruntime-cuda-fp32"),
        (replace(GPU, bf16_units="AMX", bf16=True), True, {"provider": "tensorrt"}, "onnxruntime-tensorrt-fp32"),
    ],
)
def test_the_documented_rule(host, for_detection, settings, label):
    settled, choice = choose(EngineSettings(**settings), for_detection=for_detection, host=host)
    assert choice.label == label == f"{settled.engine}-{settled.provider}-{settled.precision}"
    assert choice.why
    assert choose(settled, for_detection=for_detection, host=host)[0] == settled


@pytest.mark.parametrize(
    ("host", "settings", "said"),
    [
        (PLAIN, {"precision": "bf16"}, "does not compute in bf16"),
        (AMX, {"engine": "onnxruntime", "precision": "bf16"}, "onnxruntime has no bf16"),
        (PLAIN, {"provider": "cuda"}, "install onnxruntime-gpu"),
        (GPU, {"provider": "cuda", "engine": "openvino"}, "set engine to onnxruntime"),
        (GPU, {"provider": "cuda", "precision": "bf16"}, "onnxruntime has no bf16"),
    ],
)
def test_what_is_not_there_is_said(host, settings, said):
    with pytest.raises(EngineUnavailable, match=said):
        choose(EngineSettings(**settings), for_detection=True, host=host)


def test_the_reason_names_the_instructions():
    assert "AMX" in choose(EngineSettings(), for_detection=True, host=AMX)[1].why
