"""The IR converter on IR written by OpenVINO itself: every operation it knows, and an SSD head."""

import json

import numpy as np
import openvino as ov
import pytest
from openvino import opset8, opset13

from models.batch_axis import with_dynamic_batch
from models.card import InputLayout
from models.conversion.bundling import bundle
from models.conversion.converter import convert_ir
from models.conversion.ir import Layer, read_ir
from models.conversion.priors import clustered_priors
from models.conversion.probe import agrees, probe
from models.engine import EngineSettings, open_engine
from models.errors import ModelCorrupt

FP32 = EngineSettings("onnxruntime", "cpu", "fp32")
RANDOM = np.random.default_rng(7)


def weights(*shape):
    return opset13.constant(RANDOM.normal(size=shape).astype(np.float16).astype(np.float32))


def saved(folder, results, inputs, *, half=False):
    model = ov.Model(results, inputs, "net")
    ov.save_model(model, folder / "net.xml", compress_to_fp16=half)
    return model


def compared(folder, model, picture):
    """Return the largest difference between OpenVINO on the IR and onnxruntime on what was made of it."""
    converted = convert_ir(folder / "net.xml", folder / "net.bin")
    engine = open_engine(with_dynamic_batch(converted.network), settings=FP32)
    found = engine.run({engine.input_names[0]: picture})
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    expected = [np.array(value) for value in compiled([picture]).values()]
    return max(np.abs(a - b).max() for a, b in zip(found.values(), expected, strict=True))


def trunk(x):
    """A bit of everything the fetched networks are made of."""
    o = opset13
    y = o.convolution(x, weights(8, 3, 3, 3), [2, 2], [1, 1], [1, 1], [1, 1])
    y = o.relu(o.add(y, weights(1, 8, 1, 1)))
    y = o.group_convolution(y, weights(8, 1, 1, 3, 3), [1, 1], [0, 0], [0, 0], [1, 1], "same_upper")
    y = o.clamp(o.multiply(y, weights(1, 8, 1, 1)), 0.0, 6.0)
    y = o.elu(o.max_pool(y, [1, 1], [1, 1], [0, 0], [0, 0], [2, 2], "ceil").output(0), 0.7)
    y = o.prelu(o.subtract(y, weights(1, 8, 1, 1)), weights(8))
    y = o.mvn(y, o.constant([2, 3]), True, 1e-6, "inside_sqrt")
    y = o.avg_pool(y, [1, 1], [1, 1], [1, 1], [3, 3], False, "floor")
    return o.concat([y, o.sigmoid(y)], 1)


@pytest.mark.parametrize("half", [False, True])
def test_every_operation_gives_what_openvino_gives(tmp_path, half):
    o = opset13
    x = o.parameter([1, 3, 32, 32], np.float32, name="data")
    y = trunk(o.gather(x, o.constant([2, 1, 0]), o.constant(1)))
    pooled = o.squeeze(o.reduce_mean(y, o.constant([2, 3]), True), o.constant([2, 3]))
    embedding = o.add(o.matmul(pooled, weights(5, 16), False, True), weights(1, 5))
    soft = o.softmax(o.reshape(o.transpose(y, o.constant([0, 2, 3, 1])), o.constant([0, -1]), True), 1)
    model = saved(tmp_path, [embedding, soft], [x], half=half)
    picture = RANDOM.normal(size=(1, 3, 32, 32)).astype(np.float32)
    assert compared(tmp_path, model, picture) < 1e-4


def ssd(tmp_path, **changes):
    o = opset8
    x = o.parameter([1, 3, 32, 32], np.float32, name="image")
    y = trunk(x)
    loc = o.convolution(y, weights(8, 16, 1, 1), [1, 1], [0, 0], [0, 0], [1, 1])
    conf = o.convolution(y, weights(6, 16, 1, 1), [1, 1], [0, 0], [0, 0], [1, 1])
    flat = [o.reshape(o.transpose(each, o.constant([0, 2, 3, 1])), o.constant([1, -1]), False) for each in (loc, conf)]
    scores = o.softmax(o.reshape(flat[1], o.constant([0, -1, 3]), True), 2)
    scores = o.reshape(scores, o.constant([0, -1]), True)
    sizes = [
        o.strided_slice(o.shape_of(each, "i64"), o.constant([2]), o.constant([4]), o.constant([1]), [0], [0])
        for each in (y, x)
    ]
    box = {"width": [10.0, 4.0], "height": [20.0, 8.0], "clip": False, "offset": 0.5, "variance": [0.1, 0.1, 0.2, 0.2]}
    priors = o.unsqueeze(o.prior_box_clustered(*sizes, box), o.constant([0]))
    details = {"keep_top_k": [200], "nms_threshold": 0.45, "code_type": "caffe.PriorBoxParameter.CENTER_SIZE"}
    details |= {"normalized": True, "share_location": True, "background_label_id": 0} | changes
    head = o.detection_output(flat[0], scores, priors, details)
    saved(tmp_path, [head], [x])
    return ov.Model([flat[0], scores, o.concat([priors], 0)], [x], "cut")


def test_an_ssd_head_is_cut_and_its_priors_are_kept(tmp_path):
    reference = ssd(tmp_path)
    converted = convert_ir(tmp_path / "net.xml", tmp_path / "net.bin")
    picture = RANDOM.normal(size=(2, 3, 32, 32)).astype(np.float32)
    engine = open_engine(with_dynamic_batch(converted.network), settings=FP32)
    assert engine.output_names == ("loc", "conf")
    found = engine.run({"image": picture})
    compiled = ov.Core().compile_model(reference, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for i in range(2):
        loc, conf, priors = (np.array(value) for value in compiled([picture[i : i + 1]]).values())
        assert found["loc"][i] == pytest.approx(loc[0], abs=1e-4)
        assert found["conf"][i] == pytest.approx(conf[0], abs=1e-4)
        assert converted.priors == pytest.approx(priors, abs=1e-6)


def test_a_head_that_codes_boxes_differently_is_refused(tmp_path):
    ssd(tmp_path, code_type="caffe.PriorBoxParameter.CORNER")
    with pytest.raises(ModelCorrupt, match="codes its boxes"):
        convert_ir(tmp_path / "net.xml", tmp_path / "net.bin")


def test_an_unknown_operation_is_named(tmp_path):
    x = opset13.parameter([1, 3, 8, 8], np.float32, name="data")
    saved(tmp_path, [opset13.erf(x)], [x])
    with pytest.raises(ModelCorrupt, match="operation Erf"):
        convert_ir(tmp_path / "net.xml", tmp_path / "net.bin")


def small_ir(tmp_path):
    x = opset13.parameter([1, 3, 8, 8], np.float32, name="data")
    saved(tmp_path, [opset13.relu(opset13.add(x, weights(1, 3, 8, 8)))], [x])
    return tmp_path / "net.xml", tmp_path / "net.bin"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[: len(text) // 2], "not a readable OpenVINO IR"),
        (lambda text: "<!DOCTYPE net [<!ENTITY a 'b'>]>" + text, "declares entities"),
        (lambda text: text.replace("<dim>8</dim>", "<dim>?</dim>"), "not a readable OpenVINO IR"),
        (
            lambda text: text.replace('element_type="f16"', 'element_type="u4"').replace(
                'element_type="f32" shape="1, 3, 8, 8" o', 'element_type="u4" shape="1, 3, 8, 8" o'
            ),
            "unknown type u4",
        ),
    ],
)
def test_a_damaged_description_is_told(tmp_path, spoil, said):
    xml, weights_file = small_ir(tmp_path)
    xml.write_text(spoil(xml.read_text("utf-8")), "utf-8")
    with pytest.raises(ModelCorrupt, match=said):
        convert_ir(xml, weights_file)


def test_weights_cut_short_are_told(tmp_path):
    xml, weights_file = small_ir(tmp_path)
    weights_file.write_bytes(weights_file.read_bytes()[:-4])
    with pytest.raises(ModelCorrupt, match="cut short"):
        convert_ir(xml, weights_file)


def test_layers_stand_after_what_they_read(tmp_path):
    xml, weights_file = small_ir(tmp_path)
    seen = set()
    for number, layer in read_ir(xml, weights_file).layers.items():
        assert {source for source, _ in layer.inputs} <= seen
        seen.add(number)


def test_priors_by_hand():
    attributes = {"width": "20", "height": "40", "offset": "0.5", "step": "0", "variance": "0.1,0.1,0.2,0.2"}
    layer = Layer(0, "p", "PriorBoxClustered", attributes, (), ((2, 8),), ("",))
    # A map of 1 x 2 over a picture 100 wide and 50 high: middles (25, 25) and (75, 25).
    corners, variances = clustered_priors(layer, [np.array([1, 2]), np.array([50, 100])])
    assert corners == pytest.approx([0.15, 0.1, 0.35, 0.9, 0.65, 0.1, 0.85, 0.9])
    assert variances == pytest.approx([0.1, 0.1, 0.2, 0.2] * 2)


def test_the_probe_tells_networks_apart_but_not_roundings(tmp_path):
    layout = InputLayout("data", 8, 8)
    first = probe(convert_ir(*small_ir(tmp_path)).network, layout)
    assert agrees(first, tuple(number * 1.001 for number in first))
    scaled = tuple(number * 1.1 for number in first)
    assert not agrees(first, scaled)
    assert not agrees(first, first[:-1])
    assert json.loads(json.dumps(first)) == list(first)


def test_bundling_refuses_weights_that_fp16_would_change(tmp_path):
    x = opset13.parameter([1, 3, 8, 8], np.float32, name="data")
    saved(tmp_path, [opset13.relu(opset13.add(x, opset13.constant(np.full((1, 3, 8, 8), 0.1, np.float32))))], [x])
    made = convert_ir(tmp_path / "net.xml", tmp_path / "net.bin").network
    with pytest.raises(ModelCorrupt, match="does not survive fp16"):
        bundle(made)
