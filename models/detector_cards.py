"""The cards of the detectors. Quality: AP50 of persons, `python -m benchmarks detection`."""

from models import open_model_zoo
from models.card import InputLayout, ModelCard, Release, SourceFile, StoredFile, Task
from models.kinds import Kind

_0078 = "person-vehicle-bike-detection-crossroad-0078"
_2002 = "person-vehicle-bike-detection-2002"

_COCO = {Kind.PERSON: (0,), Kind.MOTOR_VEHICLE: (2, 5, 7), Kind.NON_MOTOR_VEHICLE: (1, 3)}
_IMAGENET_BGR = (103.53, 116.28, 123.675)
_IMAGENET_STD_BGR = (57.375, 57.12, 58.395)

# fmt: off
_PICODET_PROBE = (
    -0.0006222, 5.6152, 1.6165, 0.00063896, 0.0045655, 0,
    -0.00067247, 5.9086, -1.0118, 0.0013219, 0.0061724, 2.4498e-05,
    -0.00065222, 4.2857, 5.4316, 0.0014883, 0.0095167, 1.1921e-07,
    -0.00067984, 3.7555, 3.1525, 0.0047247, 0.016199, 0,
)
# fmt: on


DETECTORS = (
    ModelCard(
        name="nanodet",
        task=Task.DETECTOR,
        title="NanoDet 416, bundled",
        family="gfl",
        licence="Apache-2.0 (in an MIT package)",
        licence_url="https://github.com/RangiLyu/nanodet/blob/main/LICENSE",
        training="COCO 2017",
        quality="PETS09-S2L1 .913, TUD-Stadtmitte .843",
        input=InputLayout("input_1:0", 416, 416, "within", 0.0, _IMAGENET_BGR, _IMAGENET_STD_BGR),
        files=(
            StoredFile(
                "nanodet/nanodet.onnx", "c8cbc8eeb8086631ed31257427db851b6ba5ddb284f3e70b71e816a6727ec157", 7598465
            ),
        ),
        classes=_COCO,
        nms_iou=0.6,
        bundled=True,
    ),
    ModelCard(
        name="omz2002",
        task=Task.DETECTOR,
        title="Open Model Zoo person-vehicle-bike-detection-2002",
        family="ssd",
        licence=open_model_zoo.LICENCE,
        licence_url=open_model_zoo.LICENCE_URL,
        training="Intel's own footage of streets (not published)",
        quality="PETS09-S2L1 .914, TUD-Stadtmitte .889",
        input=InputLayout("image", 512, 512),
        files=(
            StoredFile(
                f"omz/{_2002}.onnx", "2940f114fde37df1bee8122e36c16384b88caeba7a56a05e24ce633efc05a299", 7304464
            ),
            StoredFile(
                f"omz/{_2002}.priors.npz", "38d7a0b1875fbd9fa40d7e8bb1a893a9a165f26f7f024cb755f8bd9554c1d89e", 174328
            ),
        ),
        releases=(
            open_model_zoo.release(
                "2022.1/models_bin/3",
                _2002,
                "FP16",
                "sha384:e94f8260f875a7eb4a254430b32f28047d36e8bc04eb508cae3ce89fcb8571b7e7c642e416086e491ace1694aa1bb0c9",
                "sha384:691e4caf8161058dec0ee482cd2ac81b0beda330b733a9894adbbb1d63d3c11afb93c12e95d193722454dbb8b34d0519",
            ),
            open_model_zoo.release("2023.0/models_bin/1", _2002, "FP16", None, None),
        ),
        classes={Kind.PERSON: (1,), Kind.MOTOR_VEHICLE: (0,), Kind.NON_MOTOR_VEHICLE: (2,)},
        nms_iou=0.45,
        probe=(0.25, 0.42485, 0.00070804, 0.14588, 0.70192, -0.6567),
    ),
    ModelCard(
        name="omz0078",
        task=Task.DETECTOR,
        title="Open Model Zoo person-vehicle-bike-detection-crossroad-0078",
        family="ssd",
        licence=open_model_zoo.LICENCE,
        licence_url=open_model_zoo.LICENCE_URL,
        training="Intel's own footage of crossroads (not published)",
        quality="PETS09-S2L1 .917, TUD-Stadtmitte .870",
        input=InputLayout("data", 1024, 1024),
        files=(
            StoredFile(
                f"omz/{_0078}.onnx", "6caefc4e57f202c87213459a5805f0395737a4d74ee385e8c1d0507f9c0c59e3", 4765270
            ),
            StoredFile(
                f"omz/{_0078}.priors.npz", "189be2f194ba3435867c5e72de76bd6dab3fe3a89ccd507dfa11ac678c49968f", 1550580
            ),
        ),
        releases=(
            open_model_zoo.release(
                "2021.2/models_bin/1",
                _0078,
                "FP16",
                "sha256:6833f45ff2dc3f9a5231295aa332421f3d28dc0367c5128b6498539e51a2dff7",
                "sha256:a074ff0cad298ed9c35d0ce6ed58e09ee05216b907c97e6bb50f1b77a046bcfd",
            ),
            open_model_zoo.release("2023.0/models_bin/1", _0078, "FP16", None, None),
        ),
        classes={Kind.PERSON: (1,), Kind.MOTOR_VEHICLE: (2,), Kind.NON_MOTOR_VEHICLE: (3,)},
        nms_iou=0.45,
        probe=(0.25, 0.41626, 0.97825, -0.095524, 0.71944, 0.14714),
    ),
    ModelCard(
        name="yolox_nano",
        task=Task.DETECTOR,
        title="YOLOX-nano 416",
        family="yolox",
        licence="Apache-2.0",
        licence_url="https://github.com/Megvii-BaseDetection/YOLOX/blob/main/LICENSE",
        training="COCO 2017",
        quality="PETS09-S2L1 .898, TUD-Stadtmitte .852",
        input=InputLayout("images", 416, 416, "within", 114.0),
        files=(
            StoredFile(
                "onnx/yolox_nano_416.onnx", "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14", 3660092
            ),
        ),
        releases=(
            Release(
                "onnx",
                (
                    SourceFile(
                        "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
                        "sha256:c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
                    ),
                ),
            ),
        ),
        classes=_COCO,
        nms_iou=0.45,
        probe=(0.071011, 0.35397, 0.041604),
    ),
    ModelCard(
        name="picodet_s",
        task=Task.DETECTOR,
        title="PicoDet-S 416",
        family="gfl",
        licence="Apache-2.0",
        licence_url="https://github.com/PaddlePaddle/PaddleDetection/blob/release/2.6/LICENSE",
        training="COCO 2017",
        quality="PETS09-S2L1 .910, TUD-Stadtmitte .886",
        input=InputLayout("image", 416, 416, "stretch", 0.0, _IMAGENET_BGR, _IMAGENET_STD_BGR),
        files=(
            StoredFile(
                "onnx/picodet_s_416.onnx", "cdab77bdde16e4f76bec734c4e5791801d1739e4c7ec1995e0e110e04300d0c2", 4040573
            ),
        ),
        releases=(
            Release(
                "onnx", (SourceFile("https://paddledet.bj.bcebos.com/deploy/third_engine/picodet_s_416_coco.onnx"),)
            ),
        ),
        classes=_COCO,
        nms_iou=0.6,
        probe=_PICODET_PROBE,
    ),
)
