"""One network with the same weights, from Keras and from ONNX: the same pictures."""

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from lucid_sprites.api import load
from models.onnx.onnx_models import model, node, save

SETTINGS = {"thresholds": [64], "scale": 48}
UNITS = range(4)
# After 64 steps, of values in 0..1: half a level of a PNG. Measured: below 3e-6.
BOUND = 0.5 / 255


def block() -> keras.Model:
    """Patches, and a block of ConvNeXt with weights that are all of some size."""
    keras.utils.set_random_seed(0)
    picture = keras.Input((None, None, 3))
    patches = keras.layers.Conv2D(16, 4, strides=4, name="stem")(picture)
    wide = keras.layers.DepthwiseConv2D(7, padding="same", name="depthwise")(patches)
    calm = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")(wide)
    inside = keras.layers.Dense(64, activation="gelu", name="expand")(calm)
    narrow = keras.layers.Dense(16, name="reduce")(inside)
    together = keras.layers.Add()([patches, narrow])
    network = keras.Model(picture, keras.layers.Activation("relu", name="end")(together))
    random = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(weight + 0.05 * random.normal(size=weight.shape))
    return network


def as_onnx(network: keras.Model) -> onnx.ModelProto:
    """The same, as PyTorch's newer exporter writes it: channels first, positions last inside."""
    stem, depthwise, norm, expand, reduce = (
        [np.asarray(weight) for weight in network.get_layer(name).weights]
        for name in ("stem", "depthwise", "norm", "expand", "reduce")
    )
    constants = {
        "stem_w": stem[0].transpose(3, 2, 0, 1), "stem_b": stem[1],
        "deep_w": depthwise[0].transpose(2, 3, 0, 1), "deep_b": depthwise[1],
        "gamma": norm[0], "beta": norm[1],
        "wide_w": expand[0], "wide_b": expand[1], "slim_w": reduce[0], "slim_b": reduce[1],
    }  # fmt: skip
    nodes = [
        node("Conv", "x stem_w stem_b", "patches", strides=[4, 4], name="/stem/Conv"),
        node("Conv", "patches deep_w deep_b", "wide", group=16, pads=[3, 3, 3, 3]),
        node("Transpose", "wide", "last", perm=[0, 2, 3, 1]),
        node("LayerNormalization", "last gamma beta", "calm", axis=-1, epsilon=1e-6),
        node("MatMul", "calm wide_w", "product"),
        node("Add", "product wide_b", "expanded"),
        node("Gelu", "expanded", "gelu", approximate="none", name="/expand/Gelu"),
        node("MatMul", "gelu slim_w", "reduced"),
        node("Add", "reduced slim_b", "narrow"),
        node("Transpose", "narrow", "first", perm=[0, 3, 1, 2]),
        node("Add", "patches first", "together"),
        node("Relu", "together", "out", name="/end/Relu"),
    ]
    return model(nodes, constants, opset=20)


def pictures(source: Path, layer: str) -> np.ndarray:
    """Of some units of a layer."""
    loaded = load(source, input={"range": [0, 1]})
    sprites = loaded.render([f'channel("{layer}", {unit})' for unit in UNITS], **SETTINGS)
    assert [sprite.status for sprite in sprites] == ["ok"] * len(UNITS)
    return np.stack([sprite.pictures[64] for sprite in sprites])


@pytest.mark.parametrize(
    ("of_keras", "of_onnx"),
    [("expand/Gelu/mul_2", "expand/Gelu"), ("end/Relu", "end/Relu")],
)
def test_the_same_network_gives_the_same_pictures(tmp_path, of_keras, of_onnx):
    network = block()
    network.save(tmp_path / "network.keras")
    first = pictures(tmp_path / "network.keras", of_keras)
    second = pictures(save(as_onnx(network), tmp_path), of_onnx)
    assert np.abs(first - second).max() < BOUND
    # Pictures of something, each of another unit.
    assert first.std((1, 2, 3)).min() > 0.05
    assert np.abs(first[0] - first[1]).mean() > 0.05
