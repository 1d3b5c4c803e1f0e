"""Traits of whole networks: fixed batches and sizes, computed weights, names of layers."""

from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import helper

from imported import describe, normal
from lucid_sprites.models.loaders.onnx import inputs
from models.onnx import onnx_models
from models.onnx.onnx_models import model, node, pictures, save

RANDOM = np.random.default_rng(2)


def weights(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


ATTENTION = [
    node("Conv", "x w", "patches", strides=[2, 2], name="/embed/Conv"),
    node("Reshape", "patches flat", "flat_patches"),
    node("Transpose", "flat_patches", "tokens", perm=[0, 2, 1]),
    node("Concat", "class tokens", "all", axis=1),
    node("Add", "all places", "placed"),
    node("Transpose", "placed", "sequence", perm=[1, 0, 2]),
    node("Reshape", "sequence heads", "q"),
    node("Transpose", "q", "queries", perm=[1, 0, 2]),
    node("Transpose", "q", "keys", perm=[1, 2, 0]),
    node("MatMul", "queries keys", "scores"),
    node("Softmax", "scores", "shares", axis=-1),
    node("MatMul", "shares queries", "mixed"),
    node("Transpose", "mixed", "back", perm=[1, 0, 2]),
    node("Reshape", "back together", "joined"),
    node("Transpose", "joined", "again", perm=[1, 0, 2]),
    node("Slice", "again zero one axis", "first"),
    node("Reshape", "first flatten", "vector"),
    node("MatMul", "vector v"),
]
CONSTANTS = {
    "w": weights(6, 3, 2, 2), "flat": ints(1, 6, 16), "class": weights(1, 1, 6),
    "places": weights(1, 17, 6), "heads": ints(17, 2, 3), "together": ints(17, 1, 6),
    "zero": ints(0), "one": ints(1), "axis": ints(1), "flatten": ints(1, -1), "v": weights(6, 4),
}  # fmt: skip


# As PyTorch writes it now: the picture is an axis of its own, and all tokens are projected at once.
PROJECTED = [
    *ATTENTION[:6],
    node("Reshape", "sequence four", "q"),
    node("Transpose", "q", "queries", perm=[1, 2, 0, 3]),
    node("Transpose", "q", "keys", perm=[1, 2, 3, 0]),
    *ATTENTION[9:12],
    node("Transpose", "mixed", "back", perm=[2, 0, 1, 3]),
    node("Reshape", "back rows", "row"),
    node("MatMul", "row v", "product"),
    node("Reshape", "product columns", "pieces"),
    node("Transpose", "pieces", perm=[1, 0, 2]),
]
MORE = {
    **CONSTANTS, "four": ints(17, 1, 2, 3), "rows": ints(17, 6), "columns": ints(17, 1, 4),
}  # fmt: skip


@pytest.mark.parametrize("nodes", [ATTENTION, PROJECTED], ids=["attention", "projected"])
def test_a_transformer_for_one_picture_takes_any_number(tmp_path, nodes):
    """Attention as PyTorch writes it: the batch lies in the middle, among the heads and tokens."""
    made = model(nodes, MORE, picture=(1, 3, 8, 8))
    fed = pictures(8, 8, batch=3)
    expected = np.concatenate([onnx_models.reference(made, one[np.newaxis]) for one in fed])
    graph = onnx_models.in_normal_form(made, tmp_path)
    given = onnx_models.run(graph, onnx_models.end(graph), fed)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


def test_a_classifier_for_one_picture_takes_any_number(tmp_path):
    nodes = [node("Conv", "x w", "y"), node("Reshape", "y shape", "f"), node("Gemm", "f v")]
    constants = {"w": weights(2, 3, 1, 1), "shape": ints(1, -1), "v": weights(128, 5)}
    made = model(nodes, constants, picture=(1, 3, 8, 8))
    fed = pictures(8, 8, batch=3)
    expected = np.concatenate([onnx_models.reference(made, one[np.newaxis]) for one in fed])
    graph = onnx_models.in_normal_form(made, tmp_path)
    given = onnx_models.run(graph, onnx_models.end(graph), fed)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


def test_other_sizes_than_the_exported_one(tmp_path):
    nodes = [
        node("Conv", "x w", "y", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Shape", "y", "s"), node("Gather", "s two", "h"), node("Gather", "s three", "w_"),
        node("Mul", "h w_", "area"), node("Unsqueeze", "area zero", "a"),
        node("Gather", "s nought", "n"), node("Unsqueeze", "n zero", "b"),
        node("Concat", "b channels a", "shape", axis=0), node("Reshape", "y shape", "t"),
        node("ReduceMax", "t", axes=[2], keepdims=0),
    ]  # fmt: skip
    constants = {
        "w": weights(4, 3, 3, 3), "nought": np.array(0), "two": np.array(2), "three": np.array(3),
        "zero": ints(0), "channels": ints(4),
    }  # fmt: skip
    made = model(nodes, constants)
    graph = onnx_models.in_normal_form(made, tmp_path)
    for size in ((8, 8), (13, 6)):
        fed = pictures(*size)
        given = onnx_models.run(graph, onnx_models.end(graph), fed)
        expected = onnx_models.reference(made, fed)
        np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


def test_a_squeeze_and_excite_block_needs_no_transposes(tmp_path):
    nodes = [
        node("Conv", "x w", "y"), node("GlobalAveragePool", "y", "p"), node("Flatten", "p", "f"),
        node("Gemm", "f v", "g"), node("Sigmoid", "g", "s"), node("Reshape", "s shape", "r"),
        node("Mul", "y r", "z"), node("Conv", "z u"),
    ]  # fmt: skip
    constants = {"w": weights(4, 3, 1, 1), "v": weights(4, 4), "shape": ints(-1, 4, 1, 1),
                 "u": weights(2, 4, 1, 1)}  # fmt: skip
    made = model(nodes, constants)
    graph = onnx_models.in_normal_form(made, tmp_path)
    fed = pictures()
    given = onnx_models.run(graph, onnx_models.end(graph), fed)
    expected = onnx_models.reference(made, fed).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)
    # Of the one vector, and of the pooled values before it.
    assert Counter(each.op for each in graph.node)["Transpose"] <= 2


def test_large_constants_are_turned_with_the_pictures(tmp_path):
    made = model([node("Conv", "x w", "y"), node("Add", "y c", "z"), node("Conv", "z v")],
                 {"w": weights(8, 3, 1, 1), "c": weights(1, 8, 64, 64), "v": weights(2, 8, 1, 1)},
                 picture=("n", 3, 64, 64))  # fmt: skip
    graph = onnx_models.in_normal_form(made, tmp_path)
    fed = pictures(64, 64)
    given = onnx_models.run(graph, onnx_models.end(graph), fed)
    expected = onnx_models.reference(made, fed).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(given, expected, rtol=1e-3, atol=1e-3)
    assert not any(each.op == "Transpose" for each in graph.node)


def test_weights_that_are_computed(tmp_path):
    nodes = [node("ReduceL2", "v", "length", axes=[1, 2, 3]), node("Div", "v length", "d"),
             node("Mul", "d g", "w"), node("Conv", "x w")]  # fmt: skip
    made = model(nodes, {"v": weights(4, 3, 3, 3), "g": weights(4, 1, 1, 1)})
    graph = onnx_models.in_normal_form(made, tmp_path)
    given = onnx_models.run(graph, onnx_models.end(graph), pictures())
    expected = onnx_models.reference(made, pictures()).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4)


def test_half_precision_is_computed_in_single_precision(tmp_path):
    made = model([node("Cast", "x", "h", to=10), node("Conv", "h w", "y"), node("Cast", "y", to=1)],
                 {"w": weights(4, 3, 1, 1).astype(np.float16)})  # fmt: skip
    graph = onnx_models.imported(made, tmp_path).graph
    given = onnx_models.run(graph, onnx_models.end(graph), pictures())
    np.testing.assert_allclose(given, onnx_models.reference(made, pictures()), rtol=1e-2, atol=2e-2)


def test_pictures_with_channels_last(tmp_path):
    nodes = [node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Conv", "t w")]
    made = model(nodes, {"w": weights(4, 3, 3, 3)}, picture=("n", 16, 16, 3))
    form = normal(save(made, tmp_path))
    assert (form.picture.height, form.picture.channels) == (16, 3)
    assert not any(each.op == "Transpose" for each in form.graph.node)


@pytest.mark.parametrize(
    ("sizes", "first"),
    [((1, 3, 224, 224), True), ((None, 3, None, None), True), ((1, 224, 224, 3), False),
     ((None, None, None, 3), False), ((1, 1, 28, 28), True), ((1, 28, 28, 1), False),
     ((1, 7, 32, 32), True), ((None, None, None, None), None)],
)  # fmt: skip
def test_where_the_channels_are(sizes, first):
    assert inputs._channels_first(list(sizes)) == first


def test_a_second_input_takes_a_value_from_the_config(tmp_path):
    made = model([node("Conv", "x w", "y"), node("Mul", "y strength", "z"), node("Relu", "z")],
                 {"w": weights(4, 3, 1, 1)})  # fmt: skip
    made.graph.input.append(helper.make_tensor_value_info("strength", onnx.TensorProto.FLOAT, []))
    path = save(made, tmp_path)
    without = describe(path, edges=(16,))
    assert [layer["name"] for layer in without["layers"]] == ["Conv2D"]
    assert "strength" in without["other"]["Relu"]
    names = [
        layer["name"] for layer in describe(path, {"values": {"strength": 2.0}}, (16,))["layers"]
    ]
    assert names == ["Conv2D", "Relu"]


SCOPES = "pkg.torch.onnx.name_scopes"


def named(kind: str, inputs: str, output: str, name: str = "", scopes: str = "") -> onnx.NodeProto:
    made = node(kind, inputs, output, name=name)
    if scopes:
        made.metadata_props.add(key=SCOPES, value=scopes)
    return made


NAMES = {
    "TorchScript": (
        [named("Conv", "x onnx::Conv_1", "y", "/feat/feat.3/feat.3.0/block/block.0/Conv"),
         named("Relu", "y", "z", "/feat/feat.3/act/Relu"),
         named("Relu", "z", "r", "/Relu_1")],
        ["feat.3.0.block.0/Conv2D", "feat.3.act/Relu", "Relu"]),
    "weights": (
        [named("Conv", "x layer1.0.conv1.weight", "y", "Conv_0"),
         named("Relu", "y", "z", "Relu_1")],
        ["layer1.0.conv1/Conv2D", "Relu"]),
    "dynamo": (
        [named("Conv", "x stem.weight", "y", "node_Conv_193", "['', 'bn', '_native_batch_norm']"),
         named("Relu", "y", "z", "node_relu", "['', 'layer1', 'layer1.relu', 'relu']"),
         named("Relu", "z", "r", "node_relu_1", "['', 'layer1', 'layer1.relu', 'r_1']")],
        ["stem/Conv2D", "layer1.relu/Relu", "layer1.relu/Relu_1"]),
    "TensorFlow": (
        [named("Conv", "x w", "y", "model/conv1/Conv2D"),
         named("Relu", "y", "z", "model/relu/Relu")],
        ["model/conv1/Conv2D", "model/relu/Relu"]),
    "none": ([named("Conv", "x w", "y"), named("Relu", "y", "z")], ["Conv2D", "Relu"]),
    "odd": (
        [named("Conv", "x w", "y", "a b/<c>:0/Conv"),
         named("Relu", "y", "z", "_/Relu", "__import__('os')")], ["a_b/_c_0/Conv2D", "Relu"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_layers_bear_the_names_of_modules(name, tmp_path):
    nodes, expected = NAMES[name]
    made = model(nodes, {nodes[0].input[1]: weights(4, 3, 1, 1)})
    kinds = onnx_models.imported(made, tmp_path).kinds
    assert list(kinds) == expected


WRITTEN_OUT = {
    "Gelu": ([node("Div", "x root", "d"), node("Erf", "d", "e"), node("Add", "e one", "a"),
              node("Mul", "x a", "m"), node("Mul", "m half")],
             {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)}),
    "Swish": ([node("Sigmoid", "x", "s"), node("Mul", "x s")], {}),
    "Mish": ([node("Softplus", "x", "p"), node("Tanh", "p", "t"), node("Mul", "x t")], {}),
    "HardSwish": ([node("Add", "x three", "a"), node("Clip", "a zero six", "c"),
                   node("Mul", "x c", "m"), node("Div", "m six")],
                  {"three": np.float32(3), "zero": np.float32(0), "six": np.float32(6)}),
    "LayerNormalization": (
        [node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("ReduceMean", "t", "mean", axes=[-1]),
         node("Sub", "t mean", "c"), node("Pow", "c two", "q"),
         node("ReduceMean", "q", "var", axes=[-1]), node("Add", "var eps", "e"),
         node("Sqrt", "e", "root"), node("Div", "c root", "d"), node("Mul", "d s", "m"),
         node("Add", "m b")],
        {"two": np.float32(2), "eps": np.float32(1e-5), "s": weights(3), "b": weights(3)}),
    "MatMul": ([node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("MatMul", "t w", "m"),
                node("Add", "b m")], {"w": weights(3, 5), "b": weights(5)}),
}  # fmt: skip


@pytest.mark.parametrize("label", WRITTEN_OUT)
def test_what_is_written_out_is_one_layer(label, tmp_path):
    nodes, constants = WRITTEN_OUT[label]
    for number, each in enumerate(nodes):
        each.name = f"/block/block.1/{each.op_type}_{number}"
    kinds = onnx_models.imported(model(nodes, constants), tmp_path).kinds
    assert list(kinds) == [f"block.1/{label}"]


def test_a_product_of_two_functions_is_no_known_function(tmp_path):
    made = model([node("Conv", "x w", "y"), node("Sigmoid", "y", "s"), node("Mul", "x s")],
                 {"w": weights(3, 3, 1, 1)})  # fmt: skip
    assert "Swish" not in onnx_models.imported(made, tmp_path).kinds


def test_slices_and_sizes_need_no_transposes(tmp_path):
    nodes = [
        node("Conv", "x w", "y"),
        node("Split", "y halves", "a b", axis=1),
        node("Resize", "b _ scales", "r", mode="linear"),
        node("Shape", "a", "s"), node("Slice", "s two four", "size"),
        node("Slice", "s zero two", "first"), node("Concat", "first size", "sizes", axis=0),
        node("MaxPool", "r", "p", kernel_shape=[3, 3]), node("Resize", "p _ _ sizes", "q"),
        node("Mul", "a q", "m"), node("Conv", "m v"),
    ]  # fmt: skip
    constants = {"w": weights(4, 3, 1, 1), "halves": ints(2, 2), "v": weights(3, 2, 1, 1),
                 "scales": np.array([1, 1, 2, 2], np.float32), "zero": ints(0), "two": ints(2),
                 "four": ints(4)}  # fmt: skip
    made = model(nodes, constants)
    graph = onnx_models.in_normal_form(made, tmp_path)
    assert not any(each.op == "Transpose" for each in graph.node)
    for size in ((9, 8), (12, 14)):
        expected = onnx_models.reference(made, pictures(*size)).transpose(0, 2, 3, 1)
        given = onnx_models.run(graph, onnx_models.end(graph), pictures(*size))
        np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("nodes", [ATTENTION, PROJECTED], ids=["attention", "projected"])
def test_heads_of_attention_are_a_layer(tmp_path, nodes):
    """A position for each token but the first, whatever PyTorch does with the heads afterwards."""
    fed = pictures(8, 8, batch=3)
    until = model(nodes[:12], MORE, picture=(1, 3, 8, 8))
    sums = [onnx_models.reference(until, one[np.newaxis]).reshape(2, 17, 3) for one in fed]
    form = normal(save(model(nodes, MORE, picture=(1, 3, 8, 8)), tmp_path))
    (layer,) = [name for name, kind in form.kinds.items() if kind == "attention"]
    given = onnx_models.run(form.graph, layer, fed)
    # [pictures, heads, tokens, channels]; the class token has no position.
    expected = np.stack(sums).transpose(0, 2, 1, 3)[:, 1:].reshape(3, 4, 4, 6)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)
    assert "Softmax" not in form.kinds


def test_tokens_before_pictures_are_layers_too(tmp_path):
    """As in PyTorch's transformers by default: [tokens, pictures, channels]."""
    nodes = [*ATTENTION[:6], node("MatMul", "sequence v", "product"), node("Relu", "product")]
    made = model(nodes, CONSTANTS, picture=(1, 3, 8, 8))
    form = normal(save(made, tmp_path))
    fed = pictures(8, 8, batch=3)
    expected = np.stack([onnx_models.reference(made, one[np.newaxis])[1:, 0] for one in fed])
    assert form.kinds["Relu"] == "activation"
    given = onnx_models.run(form.graph, "Relu", fed)
    np.testing.assert_allclose(given, expected.reshape(3, 4, 4, 4), rtol=1e-4, atol=1e-5)
    assert form.notes == ["17 tokens are shown as 4 x 4 positions, without the first 1"]


@pytest.mark.parametrize("export", ["torchscript", "dynamo"])
def test_the_heads_of_an_exported_transformer_are_layers(shared_data, export):
    layers = describe(shared_data / f"onnx_exports/vit_{export}.onnx")["layers"]
    heads = [layer for layer in layers if layer["kind"] == "attention"]
    assert [(layer["depth"], layer["height"], layer["width"]) for layer in heads] == [
        (48, 8, 8)
    ] * 3
    name = "encoder.layers.encoder_layer_0.self_attention/attention"
    assert heads[0]["name"] == name
