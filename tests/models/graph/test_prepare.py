"""Pruning and folding of constants, and all of it on a real network: the same values from less."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.models.graph.prepare import fold_constants, prepare, prune
from lucid_sprites.models.loaders import frozen_graph
from models.graph.convolution_graphs import (
    KERNEL,
    PICTURES,
    convolution,
    node,
    ops,
    placeholder,
    run,
)
from tiny_graphs import frozen, small


def test_constants_are_computed_once_and_the_rest_is_kept():
    def build():
        picture = placeholder()
        factor = tf.constant(4.0, name="factor")
        halves = tf.split(tf.constant(KERNEL) * tf.sqrt(factor), 2, axis=3)
        left = tf.nn.conv2d(picture, halves[0], strides=1, padding="SAME", name="left")
        right = tf.nn.conv2d(picture, halves[1], strides=1, padding="SAME", name="right")
        tf.concat([right, left], axis=-1, name="out")

    graph = frozen(build)
    prepared = prepare(graph, "picture", "out")
    np.testing.assert_allclose(run(prepared, "out"), run(graph, "out"), rtol=0, atol=1e-5)
    assert ops(prepared) == {"Placeholder": 1, "Conv2D": 2, "ConcatV2": 1}
    # Both halves, each with its own values: 2 x KERNEL, by sqrt(4).
    kernel = tf.make_ndarray(node(prepared, node(prepared, "right").input[1]).attr["value"].tensor)
    np.testing.assert_allclose(kernel, 2 * KERNEL[..., 2:], rtol=1e-6)


def test_randomness_and_unfed_placeholders_are_no_constants():
    def build():
        noise = tf.random_uniform([4], 1, 2, seed=1)
        keep = tf.placeholder(tf.float32, [], name="keep")
        tf.add(placeholder()[..., :1] * noise, tf.sqrt(keep), name="out")

    kept = ops(fold_constants(prune(frozen(build), "picture", "out"), "picture"))
    assert kept["RandomUniform"] == 1
    assert kept["Placeholder"] == 2
    assert kept["Sqrt"] == 1


def test_pruning_keeps_what_the_layer_needs():
    pruned = prune(small(), "picture", "conv1/Relu")
    assert [node.name for node in pruned.node] == [
        "picture",
        "conv1/Conv2D/filter",
        "conv1/Conv2D",
        "conv1/BiasAdd/bias",
        "conv1/BiasAdd",
        "conv1/Relu",
    ]


def test_pruning_drops_what_fixes_the_batch():
    def build():
        picture = tf.placeholder(tf.float32, [1, 9, 7, 3], name="picture")
        relu = tf.nn.relu(convolution(picture), name="relu")
        tf.reshape(relu, [1, 9 * 7 * 4], name="flat")

    graph = frozen(build)
    prepared = prepare(graph, "picture", "relu")
    one_by_one = [run(graph, "relu", PICTURES[i : i + 1]) for i in range(2)]
    np.testing.assert_allclose(run(prepared, "relu"), np.concatenate(one_by_one), rtol=0, atol=1e-5)


def test_the_graph_is_cut_at_an_input_inside_it():
    def build():
        raw = tf.placeholder(tf.uint8, [1, None, None, 3], name="raw")
        scaled = tf.subtract(tf.cast(raw, tf.float32) / 127.5, 1.0, name="Preprocessor/sub")
        tf.nn.relu(convolution(scaled), name="relu")

    graph = frozen(build)
    prepared = prepare(graph, "Preprocessor/sub", "relu")
    assert ops(prepared) == {"Placeholder": 1, "Conv2D": 1, "Relu": 1}
    values = run(prepared, "relu", name="Preprocessor/sub")
    expected = run(graph, "relu", name="Preprocessor/sub", pictures=PICTURES[:1])
    np.testing.assert_allclose(values[:1], expected, rtol=0, atol=1e-5)
    assert values.shape[0] == 2


def test_placement_and_shape_hints_are_dropped():
    graph = small()
    for each in graph.node:
        each.device = "/device:GPU:7"
        each.attr["_output_shapes"].list.shape.add().dim.add().size = 1
    prepared = prepare(graph, "picture", "conv2/Relu")
    assert {each.device for each in prepared.node} == {""}
    assert not [key for each in prepared.node for key in each.attr if key.startswith("_")]
    np.testing.assert_allclose(
        run(prepared, "conv2/Relu"), run(small(), "conv2/Relu"), rtol=0, atol=1e-5
    )


MOBILENET = "MobilenetV1/MobilenetV1/"


def in_doubles(graph):
    """The same graph and weights, computed in float64."""
    doubled = type(graph).FromString(graph.SerializeToString())
    for each in doubled.node:
        for value in each.attr.values():
            if value.type == tf.float32.as_datatype_enum:
                value.type = tf.float64.as_datatype_enum
            if value.tensor.dtype == tf.float32.as_datatype_enum:
                exact = tf.make_ndarray(value.tensor).astype(np.float64)
                value.tensor.CopyFrom(tf.make_tensor_proto(exact))
    return doubled


# Rounding in float32 moves the activations of the original graph by more than 1e-5 (2.4e-5 at
# Conv2d_2_pointwise), so what folding does is measured in float64. There the difference left is
# that of the folded kernels, which are rounded to float32 once. The last layer's values reach 79.
@pytest.mark.parametrize(
    ("layer", "tolerance"),
    [
        ("Conv2d_0/Relu6", 1e-5),
        ("Conv2d_1_depthwise/Relu6", 1e-5),
        ("Conv2d_2_pointwise/Relu6", 1e-5),
        ("Conv2d_8_pointwise/Relu6", 1e-5),
        ("Conv2d_12_pointwise/Relu6", 1e-5),
        ("Conv2d_13_pointwise/BatchNorm/batchnorm/add_1", 79 * 1e-6),
    ],
)
def test_a_real_network_keeps_its_activations(mobilenet, layer, tolerance):
    graph, layer = frozen_graph.read(mobilenet), MOBILENET + layer
    pictures = np.random.RandomState(3).uniform(-1, 1, (1, 128, 128, 3))
    original, prepared = prune(graph, "input", layer), prepare(graph, "input", layer)
    expected = run(in_doubles(original), layer, pictures, "input")
    assert expected.std() > 0.1
    values = run(in_doubles(prepared), layer, pictures, "input")
    np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance)
    # In float32 it is as near to the exact values as the graph itself.
    error, own_error = (
        abs(run(each, layer, pictures, "input") - expected).max() for each in (prepared, original)
    )
    assert error < 2 * own_error


def test_of_a_real_network_only_convolutions_and_activations_are_left(mobilenet):
    graph = frozen_graph.read(mobilenet)
    assert ops(graph)["Mul"] + ops(graph)["FusedBatchNorm"] >= 27
    prepared = prepare(graph, "input", MOBILENET + "Conv2d_12_pointwise/Relu6")
    assert ops(prepared) == {
        "Placeholder": 1,
        "Conv2D": 13,
        "DepthwiseConv2dNative": 12,
        "BiasAdd": 25,
        "Relu6": 25,
    }
    # The classifier's reshape fixes the batch to 1; without it there can be two pictures.
    two = np.zeros((2, 128, 128, 3), np.float32)
    values = run(prepared, MOBILENET + "Conv2d_12_pointwise/Relu6", two, "input")
    assert values.shape == (2, 4, 4, 256)
