"""The cards of the embedders and of the attribute networks. Quality: `python -m benchmarks embedding`."""

from models import open_model_zoo
from models.card import InputLayout, ModelCard, Release, StoredFile, Task

_REID = "person-reidentification-retail"
_0039 = "vehicle-attributes-recognition-barrier-0039"


def _reid(
    number: str, sha256: str, size_bytes: int, quality: str, probe: tuple[float, ...], releases: tuple[Release, ...]
) -> ModelCard:
    network = f"{_REID}-{number}"
    return ModelCard(
        name=f"omz{number}",
        task=Task.EMBEDDER,
        title=f"Open Model Zoo {network}",
        family="embedding",
        licence=open_model_zoo.LICENCE,
        licence_url=open_model_zoo.LICENCE_URL,
        training="Intel's own footage of shops (not published)",
        quality=quality,
        input=InputLayout("data", 128, 256),
        files=(StoredFile(f"omz/{network}.onnx", sha256, size_bytes),),
        releases=releases,
        dim=256,
        probe=probe,
    )


EMBEDDERS = (
    _reid(
        "0277",
        "6e752eab0930d1261d6fd590929d99c447e3cd13f7ec35b993d21d0e88d36d1d",
        8456990,
        "PETS re-entry rank-1 1.00, mAP .964",
        (0.049041, 0.913, 1.1794),
        (open_model_zoo.release("2023.0/models_bin/1", f"{_REID}-0277", "FP16", None, None),),
    ),
    _reid(
        "0287",
        "119ac0a97d4b2cbb8f090c160eb7b0835e618128d0c0a977013490a1cab348ee",
        2422718,
        "PETS re-entry rank-1 1.00, mAP .962",
        (-0.0087781, 0.81887, 0.80605),
        (
            open_model_zoo.release(
                "2021.2/models_bin/3",
                f"{_REID}-0287",
                "FP32",
                "sha256:95b7dc76dd85bae3dae4e528540e6133e54d86ed6f241c9a24e26b9b9ebcb064",
                "sha256:2def95a238b8c6a63925d9772deb5684ceb2e933d20a5e3a1dbcade15e287eea",
            ),
            open_model_zoo.release("2023.0/models_bin/1", f"{_REID}-0287", "FP32", None, None),
        ),
    ),
    _reid(
        "0288",
        "b76a122efb46f33d259eb890a7d16d85785bce5ce10ce55c3c5b7405f7e6bcbc",
        777069,
        "PETS re-entry rank-1 1.00, mAP .913",
        (-0.031302, 0.625, 0.42662),
        (
            open_model_zoo.release(
                "2021.4/models_bin/3",
                f"{_REID}-0288",
                "FP32",
                "sha256:59652440ca5c2dc67a20abfeb66b5e2497644c4f463ea5a9079b36f5bce021f6",
                "sha256:af7c8cfd585292ca319e8828b8e6bcfa4ccde415b2049a080158ae6013cce648",
            ),
            open_model_zoo.release("2023.0/models_bin/1", f"{_REID}-0288", "FP32", None, None),
        ),
    ),
    ModelCard(
        name="person_small",
        task=Task.EMBEDDER,
        title="zhian person embedder, bundled",
        family="embedding",
        licence="Apache-2.0",
        licence_url="https://www.apache.org/licenses/LICENSE-2.0",
        training="taught by omz0277 on 11,685 altered crops without identities (models/training)",
        quality="PETS re-entry rank-1 1.00, mAP .968",
        input=InputLayout("picture", 96, 192),
        files=(
            StoredFile(
                "person_small/person_small.onnx",
                "d73f21792a42bb9ebad5e066485cf443f7702408a87a3517f51a7e768bc145cf",
                4553854,
            ),
        ),
        dim=256,
        bundled=True,
    ),
    ModelCard(
        name="colour_stripes",
        task=Task.EMBEDDER,
        title="Six-stripe colour histogram",
        family="histogram",
        licence="Apache-2.0",
        licence_url="https://www.apache.org/licenses/LICENSE-2.0",
        training="none: computed, not learned",
        quality="PETS re-entry rank-1 .86, mAP .707",
        input=InputLayout("", 48, 96),
        bundled=True,
    ),
)

ATTRIBUTES = (
    ModelCard(
        name="omz0039",
        task=Task.ATTRIBUTES,
        title=f"Open Model Zoo {_0039}",
        family="vehicle_attributes",
        licence=open_model_zoo.LICENCE,
        licence_url=open_model_zoo.LICENCE_URL,
        training="Intel's own footage of barriers (not published)",
        quality="colour 8 of 9 right; its vehicle type (3 of 9) is not used",
        input=InputLayout("input", 72, 72),
        files=(
            StoredFile(
                f"omz/{_0039}.onnx", "75c1ac15b4f09db7016b76e59c776433acaf3620c0385cec7064584125f2fe60", 2507724
            ),
        ),
        releases=(
            open_model_zoo.release(
                "2021.4/models_bin/3",
                _0039,
                "FP32",
                "sha384:fa1e30c9d9d351f80fd85585fbb1f81a34fd1935a884c149fcc0c305811bdacdcdab4f581b5531d7bacc57fec7cd367b",
                "sha384:ba8839771af476bb32aadcff6defb07169016f148e5c8b12dd3cd15a4d9b6c79ee26ef40b7c1c5f84b8fe8a169e53020",
            ),
            open_model_zoo.release("2023.0/models_bin/1", _0039, "FP32", None, None),
        ),
        probe=(0.25, 0.42899, 6.1311e-07, 0.14286, 0.3498, 0.00013831),
    ),
    ModelCard(
        name="clothing",
        task=Task.ATTRIBUTES,
        title="zhian clothing colours, bundled",
        family="clothing",
        licence="Apache-2.0",
        licence_url="https://www.apache.org/licenses/LICENSE-2.0",
        training="DEVCOUNT crops labelled by eye, body parts taught by MoveNet on public pictures",
        quality="QUALITY",
        input=InputLayout("picture", 32, 64),
        files=(
            StoredFile(
                "clothing/clothing.onnx",
                "730031f4dcf46bb06dace7874ef177fdaaa0827a34941554b31c7cb056ea548a",
                256808,
            ),
        ),
        bundled=True,
    ),
)
