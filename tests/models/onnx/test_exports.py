"""PyTorch's own exports give what PyTorch gives: outputs, activations inside, gradients, names."""

from collections import Counter

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from imported import describe, normal

# The module whose activations were kept, and whether its channels come last.
NETWORKS = {
    "resnet": ("layer2.0.conv2/Conv2D", False),
    "unet": ("dec2.3/Conv2D", False),
    "mobilenet_v3": ("features.5.block.1.0/Conv2D", False),
    "convnext": ("features.3.0.block.3/MatMul", True),
    "densenet": ("features.denseblock2.denselayer1.conv2/Conv2D", False),
    "vit": ("encoder.layers.encoder_layer_1.mlp.0/MatMul", True),
    "bands": ("2/Conv2D", False),
}
OUTPUTS = {
    "resnet": "fc/MatMul", "unet": "Sigmoid", "mobilenet_v3": "classifier.3/MatMul",
    "convnext": "classifier.2/MatMul", "densenet": "classifier/MatMul", "vit": "heads.head/MatMul",
    "bands": "4/Conv2D",
}  # fmt: skip
# Exporters put the batch norm behind these into their weights; PyTorch's activations are without.
FOLDED = ("resnet", "mobilenet_v3")
EXPORTERS = ("torchscript", "dynamo")


def both(test):
    test = pytest.mark.parametrize("exporter", EXPORTERS)(test)
    return pytest.mark.parametrize("name", NETWORKS)(test)


def distance(given: np.ndarray, wanted: np.ndarray) -> float:
    """In shares of the largest value."""
    return float(np.abs(given - wanted).max() / np.abs(wanted).max())


def channels_last(values: np.ndarray) -> np.ndarray:
    return values.transpose(0, 2, 3, 1) if values.ndim == 4 else values


def factors(given: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    """(a, b) of given = a * wanted + b."""
    slope, shift = np.polyfit(wanted.astype(np.float64).ravel(), given.ravel(), 1)
    return float(slope), float(shift)


@both
def test_values_and_gradients_are_pytorchs(shared_data, name, exporter):
    folder = shared_data / "onnx_exports"
    form = normal(folder / f"{name}_{exporter}.onnx")
    kept = np.load(folder / f"{name}.npz")
    middle, is_last = NETWORKS[name]
    if name == "vit":
        middle = f"{middle}/tokens"  # with the class token, as PyTorch has it
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(form.graph, name="")
        picture, inside, output = (
            graph.get_tensor_by_name(f"{each}:0")
            for each in (form.picture.name, middle, OUTPUTS[name])
        )
        for size in [key.removeprefix("input_") for key in kept.files if "input" in key]:
            wanted = kept[f"middle_{size}"] if is_last else channels_last(kept[f"middle_{size}"])
            fed = {picture: channels_last(kept[f"input_{size}"])}
            given = session.run(inside, fed)
            slope, shift = factors(given[..., 1], wanted[..., 1]) if name in FOLDED else (1, 0)
            loss = tf.reduce_sum(tf.square((inside[..., 1] - shift) / slope))
            gradient, end = session.run([tf.gradients(loss, picture)[0], output], fed)
            assert distance((given[..., 1] - shift) / slope, wanted[..., 1]) < 1e-4
            if name not in FOLDED:
                assert distance(given, wanted) < 1e-4
            assert distance(end, channels_last(kept[f"output_{size}"])) < 1e-4
            assert distance(gradient, channels_last(kept[f"gradient_{size}"])) < 1e-4


# Of a flattened picture and, in the newer export of ConvNeXt, of an average over an odd view.
TRANSPOSES = {"densenet": 1, "mobilenet_v3": 1, "convnext": 4}


@both
def test_convolutions_have_no_transposes_around_them(shared_data, name, exporter):
    form = normal(shared_data / "onnx_exports" / f"{name}_{exporter}.onnx")
    operations = Counter(node.op for node in form.light.node)
    if name != "vit":
        assert operations["Transpose"] <= TRANSPOSES.get(name, 0)
    assert all(node.attr["data_format"].s != b"NCHW" for node in form.light.node)


@pytest.mark.parametrize("name", NETWORKS)
def test_both_exports_have_the_same_layers(shared_data, name):
    folder = shared_data / "onnx_exports"
    older, newer = (
        {key for key in normal(folder / f"{name}_{exporter}.onnx").kinds
         if key.endswith(("Conv2D", "MatMul", "Gelu", "HardSwish", "Swish", "Normalization"))}
        for exporter in EXPORTERS
    )  # fmt: skip
    assert older == newer


LAYERS = {
    "resnet": ["stem/Conv2D", "Relu", "pool/MaxPool", "layer1.0.conv1/Conv2D"],
    "convnext": ["features.0.0/Conv2D", "features.0.1/LayerNormalization",
                 "features.1.0.block.0/Conv2D", "features.1.0.block.2/LayerNormalization",
                 "features.1.0.block.3/MatMul", "features.1.0.block.4/Gelu"],
    "unet": ["enc1.0/Conv2D", "enc1.1/GroupNormalization", "enc1.2/LeakyRelu", "enc1.3/Conv2D",
             "enc1.4/PRelu", "MaxPool"],
    "bands": ["0/Conv2D", "1/Swish", "2/Conv2D", "3/HardSwish", "4/Conv2D"],
}  # fmt: skip


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", LAYERS)
def test_every_module_is_one_layer(shared_data, name, exporter):
    described = describe(shared_data / "onnx_exports" / f"{name}_{exporter}.onnx", edges=(64, 80))
    names = [layer["name"] for layer in described["layers"]]
    assert names[: len(LAYERS[name])] == LAYERS[name]
    assert len(names) == len(set(names))
    kinds = {layer["name"]: layer["kind"] for layer in described["layers"]}
    activations = ("Relu", "Gelu", "Swish", "HardSwish", "LeakyRelu", "PRelu")
    assert all((kinds[each] == "activation") == each.endswith(activations) for each in LAYERS[name])


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_the_range_is_the_configs(shared_data, exporter):
    path = shared_data / "onnx_exports" / f"resnet_{exporter}.onnx"
    assert normal(path).picture.known["range"] == "assumed"
    picture = normal(path, {"range": [0, 1], "mean": [0.485, 0.456, 0.406]}).picture
    assert (picture.low, picture.high, picture.known["range"]) == (0, 1, "config")
