from dataclasses import replace

import pytest

from models.engine import EngineSettings, Figure, Host, candidates, choose, label_of
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
        (GPU, True, {"provider": "cuda"}, "onnxruntime-cuda-tf32"),
        (GPU, False, {"provider": "cuda"}, "onnxruntime-cuda-fp32"),
        (GPU, True, {"provider": "cuda", "precision": "fp32"}, "onnxruntime-cuda-fp32"),
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
        (GPU, {"provider": "tensorrt", "precision": "tf32"}, "only a GPU computes in tf32"),
        (AMX, {"precision": "tf32"}, "only a GPU computes in tf32"),
    ],
)
def test_what_is_not_there_is_said(host, settings, said):
    with pytest.raises(EngineUnavailable, match=said):
        choose(EngineSettings(**settings), for_detection=True, host=host)


def test_the_reason_names_the_instructions():
    assert "AMX" in choose(EngineSettings(), for_detection=True, host=AMX)[1].why


def figures(**ms):
    """Figures in batches of 1 and 8; ov is OpenVINO, ort onnxruntime."""
    names = {
        "ort": "onnxruntime-cpu-fp32",
        "ov": "openvino-cpu-fp32",
        "bf16": "openvino-cpu-bf16",
        "cuda": "onnxruntime-cuda-fp32",
        "tf32": "onnxruntime-cuda-tf32",
    }
    return [Figure(names[name], batch, each) for name, each in ms.items() for batch in (1, 8)]


@pytest.mark.parametrize(
    ("host", "settings", "measured", "label"),
    [
        (AMX, {}, {"ort": 40, "ov": 50, "bf16": 8}, "openvino-cpu-bf16"),
        (AMX, {}, {"ort": 7, "ov": 50, "bf16": 8}, "onnxruntime-cpu-fp32"),
        (AMX, {}, {"ort": 8.2, "ov": 50, "bf16": 8}, "onnxruntime-cpu-fp32"),  # bf16 is not worth it
        (AMX, {}, {"ort": 8.5, "ov": 50, "bf16": 8}, "openvino-cpu-bf16"),
        (PLAIN, {}, {"ort": 40, "ov": 30}, "openvino-cpu-fp32"),
        (PLAIN, {}, {"ort": 40, "ov": 50, "bf16": 8}, "onnxruntime-cpu-fp32"),  # the file is of another day
        (AMX, {"engine": "onnxruntime"}, {"ort": 40, "ov": 50, "bf16": 8}, "onnxruntime-cpu-fp32"),
        (AMX, {"engine": "openvino"}, {"ort": 1, "ov": 9, "bf16": 12}, "openvino-cpu-fp32"),
        (AMX, {"precision": "fp32"}, {"ort": 40, "ov": 30, "bf16": 8}, "openvino-cpu-fp32"),
        (AMX, {"precision": "bf16"}, {"ort": 1, "ov": 1, "bf16": 8}, "openvino-cpu-bf16"),
        (GPU, {}, {"ort": 40, "ov": 30, "cuda": 1}, "onnxruntime-cuda-fp32"),
        (GPU, {}, {"ort": 40, "ov": 30, "cuda": 1, "tf32": 0.6}, "onnxruntime-cuda-tf32"),
        (GPU, {}, {"ort": 40, "ov": 30, "cuda": 1, "tf32": 0.97}, "onnxruntime-cuda-fp32"),  # not worth it
        (GPU, {"provider": "cuda"}, {"cuda": 1, "tf32": 1.5}, "onnxruntime-cuda-fp32"),
        (GPU, {"provider": "cpu"}, {"ort": 40, "ov": 30, "cuda": 1}, "openvino-cpu-fp32"),
        (GPU, {"provider": "tensorrt"}, {"ort": 40, "ov": 30, "cuda": 1}, "onnxruntime-tensorrt-fp32"),
        (AMX, {}, {"ort": 1}, "openvino-cpu-bf16"),  # one figure alone tells nothing
    ],
)
def test_what_was_measured_decides_among_what_the_names_leave_open(host, settings, measured, label):
    settled, choice = choose(EngineSettings(**settings), for_detection=True, host=host, measured=figures(**measured))
    assert choice.label == label == label_of(settled)


@pytest.mark.parametrize(
    ("settings", "inexact", "label"),
    [
        ({}, ["openvino-cpu-bf16"], "openvino-cpu-fp32"),
        ({}, ["openvino-cpu-bf16", "openvino-cpu-fp32"], "onnxruntime-cpu-fp32"),
        ({"engine": "openvino"}, ["openvino-cpu-bf16"], "openvino-cpu-fp32"),
        ({"precision": "bf16"}, ["openvino-cpu-bf16"], "openvino-cpu-bf16"),  # by name, whatever it computes
    ],
)
def test_what_computes_something_else_does_not_count(settings, inexact, label):
    measured = figures(ort=40, ov=30, bf16=8)
    _, choice = choose(EngineSettings(**settings), for_detection=True, host=AMX, measured=measured, inexact=inexact)
    assert choice.label == label


def test_embedding_does_not_follow_the_figures():
    measured = figures(ort=40, ov=50, bf16=8)
    assert choose(EngineSettings(), host=AMX, measured=measured)[1].label == "onnxruntime-cpu-fp32"


def test_the_reason_says_the_figures():
    why = choose(EngineSettings(), for_detection=True, host=AMX, measured=figures(ort=39.96, ov=51, bf16=8.24))[1].why
    assert why == (
        "measured here in batches of 1 and 8: 8.2 ms a picture, onnxruntime-cpu-fp32 40.0, openvino-cpu-fp32 51.0"
    )


def test_everything_a_machine_has_is_a_candidate():
    assert [label_of(one) for one in candidates(EngineSettings(), PLAIN)] == [
        "onnxruntime-cpu-fp32",
        "openvino-cpu-fp32",
    ]
    assert "openvino-cpu-bf16" in map(label_of, candidates(EngineSettings(), AMX))
    assert "onnxruntime-cuda-fp32" in map(label_of, candidates(EngineSettings(), GPU))
    assert candidates(EngineSettings(threads=3), AMX)[0].threads == 3
