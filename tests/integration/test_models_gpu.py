"""The bundled networks on a GPU give what they give on the CPU; skipped where there is none."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.boxes import iou
from models.detector import load_detector
from models.embedder import load_embedder
from models.engine import EngineSettings, describe_host
from models.errors import EngineUnavailable

CLIP = Path(__file__).resolve().parents[2] / "configs" / "demo" / "gate-noon.mp4"
CPU = EngineSettings("onnxruntime", "cpu", "fp32")
SURE = 0.3


@pytest.fixture(scope="module", params=["cuda", "tensorrt"])
def gpu(request):
    named = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}[request.param]
    if named not in describe_host().providers:
        pytest.skip(f"this onnxruntime has no {request.param} provider: onnxruntime-gpu has")
    settings = EngineSettings("onnxruntime", request.param, "fp32")
    try:
        load_embedder("person_small", engine=settings)
    except EngineUnavailable as error:
        pytest.skip(str(error))
    return settings


@pytest.fixture(scope="module")
def pictures():
    capture = cv2.VideoCapture(str(CLIP))
    read = [capture.read()[1] for _ in range(120)]
    return read[20::3][:33]


@pytest.mark.parametrize("batch", [1, 5, 8, 32, 33])
def test_the_same_is_detected(gpu, pictures, batch):
    on_cpu, on_gpu = (
        [
            one
            for start in range(0, 33, batch)
            for one in load_detector("nanodet", engine=engine).detect(pictures[start : start + batch], min_score=SURE)
        ]
        for engine in (CPU, gpu)
    )
    assert sum(len(one) for one in on_cpu) > 20
    for here, there in zip(on_cpu, on_gpu, strict=True):
        assert np.array_equal(here.class_id, there.class_id)
        assert np.allclose(here.score, there.score, atol=0.01)
        assert (iou(here.xyxy, there.xyxy).diagonal() > 0.97).all()


def test_tf32_finds_the_same_people(gpu, pictures):
    if gpu.provider != "cuda":
        pytest.skip("tf32 is taken on CUDA alone")
    here, there = (
        load_detector("nanodet", engine=engine).detect(pictures[:8], min_score=SURE)
        for engine in (CPU, EngineSettings("onnxruntime", "cuda", "tf32"))
    )
    for one, other in zip(here, there, strict=True):
        clear = one.select(one.score > SURE + 0.05)
        assert (iou(clear.xyxy, other.xyxy).max(axis=1) > 0.9).all()


@pytest.mark.parametrize("batch", [1, 7, 16, 32])
def test_vectors_may_be_compared_with_those_of_the_cpu(gpu, pictures, batch):
    crops = [picture[60:220, 100:164] for picture in pictures[:batch]]
    here, there = (load_embedder("person_small", engine=engine).embed(crops) for engine in (CPU, gpu))
    assert here.space == there.space
    assert (np.einsum("nd,nd->n", here.vectors, there.vectors) > 0.9999).all()
