"""The networks of the zoo: `keras.applications`, transformers, ONNX files, trained models.

    PYTHONPATH=workflow:tests .venv/bin/python benchmarks/zoo_models.py class_token vit.keras

writes one of the transformers, with random weights.
"""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The test data; a user's clone has none.
DATA = Path(__file__).parents[2] / "shared/data"
_SEED = 0


@dataclass(frozen=True)
class ZooModel:
    """A network, and where it comes from.

    Attributes:
        name: of its series.
        file: of the test data, if it is one.
        transformer: one of `TRANSFORMERS`, if it is one.
        instance: what the config says of it, where its file does not say all.
        small: imported and rendered in a few seconds.
    """

    name: str
    file: Path | None = None
    transformer: str | None = None
    instance: dict[str, Any] = field(default_factory=dict)
    small: bool = True

    @property
    def is_there(self) -> bool:
        return self.file is None or self.file.exists()


# One of each module.
_APPLICATIONS = (
    "ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionResNetV2",
    "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Small", "NASNetMobile", "ResNet50",
    "ResNet50V2", "VGG16", "VGG19", "Xception",
)  # fmt: skip
TRANSFORMERS = ("class_token", "two_scales")
_FILES = (
    "mobilenet_v1_025_128/imagenet.pb",
    "mobilenet_v1_025_128/flowers.pb",
    "pb01_aiy_ssd_person_cat_dog/mobilenet_ssd_256res_0.125_person_cat_dog.pb",
    "pb04_azure_squeezenet_catdog/catdog_model.pb",
    "pb10_faced_corrector/face_corrector.pb",
    "pb15_onnx_nchw_superres/model.pb",
    "pb22_mobilenetv2_finger/finger_frozen_model.pb",
    "pb23_mobilenetv2_document/doc_frozen_model.pb",
    "keras01_fer_gender_xception/fer2013_mini_XCEPTION.102-0.66.hdf5",
    "keras01_fer_gender_xception/gender_mini_XCEPTION.21-0.95.hdf5",
    "keras01_fer_gender_xception/mini_XCEPTION_KDEF.hdf5",
    "keras01_fer_gender_xception/tiny_XCEPTION_KDEF.hdf5",
    "keras04_cifar10_keras_v3/cifar10_model.keras",
    "keras07_sudoku_digit_h5/digit_classifier.h5",
    "series01_fer_mini_xception/frozen/fer_mini_xception_epoch102.pb",
    "sm01_chess_cnn/saved_model",
)
_ONNX = ("bands", "convnext", "densenet", "mobilenet_v3", "resnet", "unet", "vit")
_EXPORTS = ("torchscript", "dynamo")
# Their pictures are 480 x 640 and 800 x 600, always.
_LARGE = ("pb22", "pb23")

MODELS = (
    *(ZooModel(f"keras_{name}", small=False,
               instance={"keras_application": name, "weights": "none"}) for name in _APPLICATIONS),
    *(ZooModel(f"keras_vit_{name}", transformer=name) for name in TRANSFORMERS),
    *(ZooModel(f"onnx_{network}_{export}", DATA / f"onnx_exports/{network}_{export}.onnx")
      for network in _ONNX for export in _EXPORTS),
    *(ZooModel(f"data_{file.replace('/', '_').replace('.', '_')}", DATA / file,
               small=not file.startswith(_LARGE)) for file in _FILES),
)  # fmt: skip


def place(model: ZooModel, graphs: Path) -> dict[str, Any]:
    """Put a model's file where the workflow looks for it; the config's entry of its series."""
    folder = graphs / model.name
    folder.mkdir(parents=True, exist_ok=True)
    if model.file:
        ending = "" if model.file.is_dir() else model.file.suffix
        (folder / f"model{ending}").symlink_to(model.file)
    if model.transformer:
        # In a process of its own, without whose memory the import is measured.
        command = [sys.executable, __file__, model.transformer, str(folder / "model.keras")]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return {"instances": [{"instance": "model", **model.instance}]}


def _save_transformer(name: str, path: str) -> None:
    import keras

    keras.utils.set_random_seed(_SEED)
    {"class_token": _class_token, "two_scales": _two_scales}[name](keras).save(path)


def _class_token(keras: Any) -> Any:
    """After Dosovitskiy et al. 2021: tokens of patches behind one of the class, with places."""

    layers = keras.layers
    picture = keras.Input((96, 96, 3))
    tokens = layers.Conv2D(64, 12, strides=12)(layers.Rescaling(2.0, -1.0)(picture))
    tokens = layers.Reshape((64, 64))(tokens)
    # Zeros in front, and a learned vector for each token: that of the first is the class token.
    tokens = layers.ZeroPadding1D((1, 0))(tokens)
    numbers = keras.ops.zeros_like(tokens[..., 0]) + keras.ops.arange(65, dtype="float32")
    tokens = layers.Add()([tokens, layers.Embedding(65, 64)(numbers)])
    for _ in range(4):
        tokens = _encode(keras, tokens, heads=4)
    found = layers.LayerNormalization()(tokens)[:, 0]
    return keras.Model(picture, layers.Dense(10)(found))


def _two_scales(keras: Any) -> Any:
    """Tokens that are merged four to one half way, and a mean instead of a class token."""
    layers = keras.layers
    picture = keras.Input((96, 96, 3))
    tokens = layers.Conv2D(48, 8, strides=8)(layers.Rescaling(2.0, -1.0)(picture))
    tokens = layers.Reshape((144, 48))(tokens)
    for _ in range(2):
        tokens = _encode(keras, tokens, heads=4)
    tokens = layers.Conv2D(96, 2, strides=2)(layers.Reshape((12, 12, 48))(tokens))
    tokens = layers.Reshape((36, 96))(tokens)
    for _ in range(2):
        tokens = _encode(keras, tokens, heads=6)
    found = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(tokens))
    return keras.Model(picture, layers.Dense(10)(found))


def _encode(keras: Any, tokens: Any, heads: int) -> Any:
    """A block: attention and an MLP, each behind a LayerNorm and beside a shortcut."""
    layers, depth = keras.layers, tokens.shape[-1]
    calm = layers.LayerNormalization()(tokens)
    tokens = layers.Add()([tokens, layers.MultiHeadAttention(heads, depth // heads)(calm, calm)])
    wide = layers.Dense(4 * depth, activation="gelu")(layers.LayerNormalization()(tokens))
    return layers.Add()([tokens, layers.Dense(depth)(wide)])


if __name__ == "__main__":
    _save_transformer(*sys.argv[1:])
