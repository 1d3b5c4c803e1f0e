"""Pruning and folding: the same values from fewer nodes."""

from collections import Counter

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.models import graph_file
from lucid_sprites.models.prepare import fold_batch_norm, fold_constants, prepare, prune
from tiny_graphs import frozen, small

RANDOM = np.random.RandomState(7)
KERNEL = RANDOM.normal(size=(3, 3, 3, 4)).astype(np.float32)
DEPTHWISE = RANDOM.normal(size=(3, 3, 3, 2)).astype(np.float32)
PICTURES = RANDOM.uniform(-1, 1, size=(2, 9, 7, 3)).astype(np.float32)


def run(graph, layer, pictures=PICTURES, name="picture"):
    with tf.Graph().as_default(), tf.Session() as session:
        # Importing completes the attributes of the graph that it is given.
        copied = type(graph).FromString(graph.SerializeToString())
        tf.import_graph_def(copied, name="")
        return session.run(f"{layer}:0", {f"{name}:0": pictures})


def ops(graph):
    return Counter(node.op for node in graph.node if node.op != "Const")


def node(graph, name):
    (found,) = (node for node in graph.node if node.name == name)
    return found


def placeholder():
    return tf.placeholder(tf.float32, [None, None, None, 3], name="picture")


def convolution(picture, name="conv"):
    return tf.nn.conv2d(picture, KERNEL, strides=1, padding="SAME", name=name)


def depthwise(picture, name="conv"):
    return tf.nn.depthwise_conv2d(picture, DEPTHWISE, [1, 1, 1, 1], "SAME", name=name)


def statistics(depth):
    """Scale, offset, mean and variance of a trained norm."""
    random = np.random.RandomState(depth)
    values = random.normal(size=(3, depth)), random.uniform(0.5, 2, (1, depth))
    return np.concatenate(values).astype(np.float32)


def fused(x, name="norm"):
    gamma, beta, mean, variance = statistics(x.shape[-1])
    return tf.raw_ops.FusedBatchNormV3(
        x=x, scale=gamma, offset=beta, mean=mean, variance=variance,
        epsilon=0.001, is_training=False, name=name,
    ).y  # fmt: skip


def written_out(x, name="norm"):
    """As tf.nn.batch_normalization writes it."""
    gamma, beta, mean, variance = map(tf.constant, statistics(x.shape[-1]))
    scale = tf.rsqrt(variance + 0.001) * gamma
    return tf.add(x * scale, beta - mean * scale, name=name)


def with_sub(x, name="norm"):
    gamma, beta, mean, variance = map(tf.constant, statistics(x.shape[-1]))
    scale = tf.rsqrt(variance + 0.001) * gamma
    return tf.subtract(scale * x, mean * scale - beta, name=name)


def constants_first(x, name="norm"):
    scale, shift, _, _ = statistics(x.shape[-1])
    return tf.add(shift, scale * x, name=name)


def one_scale_for_all(x, name="norm"):
    return tf.add(x * 3.0, statistics(x.shape[-1])[0], name=name)


def one_shift_for_all(x, name="norm"):
    return tf.add(x * statistics(x.shape[-1])[0], 0.5, name=name)


def broadcastable(x, name="norm"):
    scale, shift, _, _ = statistics(x.shape[-1]).reshape(4, 1, 1, 1, -1)
    return tf.add(x * scale, shift, name=name)


NORMS = [
    fused,
    written_out,
    with_sub,
    constants_first,
    one_scale_for_all,
    one_shift_for_all,
    broadcastable,
]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("convolve", [convolution, depthwise])
def test_norms_are_folded_into_the_convolution(convolve, norm):
    graph = frozen(lambda: tf.nn.relu(norm(convolve(placeholder())), name="relu"))
    prepared = prepare(graph, "picture", "relu")
    np.testing.assert_allclose(run(prepared, "relu"), run(graph, "relu"), rtol=0, atol=1e-5)
    kind = "Conv2D" if convolve is convolution else "DepthwiseConv2dNative"
    assert ops(prepared) == {"Placeholder": 1, kind: 1, "BiasAdd": 1, "Relu": 1}
    assert node(prepared, "norm").op == "BiasAdd"


@pytest.mark.parametrize("norm", NORMS)
def test_a_norm_that_is_the_layer_keeps_its_name_and_values(norm):
    graph = frozen(lambda: tf.nn.relu(norm(convolution(placeholder())), name="relu"))
    prepared = prepare(graph, "picture", "norm")
    np.testing.assert_allclose(run(prepared, "norm"), run(graph, "norm"), rtol=0, atol=1e-5)
    assert ops(prepared) == {"Placeholder": 1, "Conv2D": 1, "BiasAdd": 1}


@pytest.mark.parametrize("norm", NORMS)
def test_a_convolution_that_is_the_layer_keeps_its_kernel(norm):
    graph = frozen(lambda: tf.nn.relu(norm(convolution(placeholder())), name="relu"))
    prepared = prepare(graph, "picture", "conv")
    np.testing.assert_array_equal(run(prepared, "conv"), run(graph, "conv"))
    assert ops(prepared) == {"Placeholder": 1, "Conv2D": 1}


def test_a_layer_keeps_its_values_in_a_graph_that_goes_on():
    # Not pruned: the layer has a reader, the norm.
    graph = frozen(lambda: fused(convolution(placeholder())))
    folded = fold_batch_norm(graph, "conv")
    np.testing.assert_array_equal(run(folded, "conv"), run(graph, "conv"))


@pytest.mark.parametrize("norm", NORMS)
def test_a_convolution_with_two_readers_is_not_folded(norm):
    def build():
        convolved = convolution(placeholder())
        tf.add(tf.nn.relu(norm(convolved)), convolved, name="sum")

    graph = frozen(build)
    prepared = prepare(graph, "picture", "sum")
    np.testing.assert_allclose(run(prepared, "sum"), run(graph, "sum"), rtol=0, atol=1e-5)
    kernel = tf.make_ndarray(node(prepared, node(prepared, "conv").input[1]).attr["value"].tensor)
    np.testing.assert_array_equal(kernel, KERNEL)
    assert node(prepared, "norm").op != "BiasAdd"


def test_a_product_with_two_readers_is_not_folded():
    def build():
        scaled = convolution(placeholder()) * statistics(4)[0]
        tf.add(tf.add(scaled, statistics(4)[1], name="norm"), scaled, name="sum")

    graph = frozen(build)
    prepared = prepare(graph, "picture", "sum")
    np.testing.assert_allclose(run(prepared, "sum"), run(graph, "sum"), rtol=0, atol=1e-5)
    assert ops(prepared)["Mul"] == 1


def test_a_product_that_is_the_layer_is_kept():
    def build():
        scaled = tf.multiply(convolution(placeholder()), statistics(4)[0], name="product")
        tf.add(scaled, statistics(4)[1], name="norm")

    graph = frozen(build)
    prepared = prepare(graph, "picture", "product")
    np.testing.assert_array_equal(run(prepared, "product"), run(graph, "product"))
    assert ops(prepared) == {"Placeholder": 1, "Conv2D": 1, "Mul": 1}


def test_two_convolutions_may_share_a_kernel():
    def build():
        kernel, picture = tf.constant(KERNEL), placeholder()
        folded = fused(tf.nn.conv2d(picture, kernel, strides=1, padding="SAME"))
        plain = tf.nn.conv2d(picture, kernel, strides=1, padding="SAME")
        tf.subtract(folded, plain, name="difference")

    graph = frozen(build)
    prepared = prepare(graph, "picture", "difference")
    expected = run(graph, "difference")
    np.testing.assert_allclose(run(prepared, "difference"), expected, rtol=0, atol=1e-5)
    assert ops(prepared)["FusedBatchNormV3"] == 0


def test_norms_in_a_row_of_layers_are_all_folded():
    def build():
        first = tf.nn.relu(fused(convolution(placeholder(), "conv1"), "norm1"), name="relu1")
        kernel = RANDOM.normal(size=(1, 1, 4, 5)).astype(np.float32)
        second = tf.nn.conv2d(first, kernel, strides=1, padding="SAME", name="conv2")
        tf.nn.relu(written_out(second, "norm2"), name="relu2")

    graph = frozen(build)
    prepared = prepare(graph, "picture", "relu2")
    np.testing.assert_allclose(run(prepared, "relu2"), run(graph, "relu2"), rtol=0, atol=1e-5)
    assert ops(prepared) == {"Placeholder": 1, "Conv2D": 2, "BiasAdd": 2, "Relu": 2}


def shift_minus_product(convolved):
    scale, shift, _, _ = statistics(4)
    return tf.subtract(shift, convolved * scale, name="out")


def product_of_pixels(convolved):
    # One factor for each row: not a matter of channels.
    return tf.add(convolved * np.arange(9, dtype=np.float32).reshape(9, 1, 1), 1.0, name="out")


def norm_of_the_batch(convolved):
    none = np.zeros(0, np.float32)
    return tf.raw_ops.FusedBatchNormV3(
        x=convolved, scale=np.ones(4, np.float32), offset=np.ones(4, np.float32),
        mean=none, variance=none, is_training=True, name="out",
    ).y  # fmt: skip


def norm_behind_a_relu(convolved):
    return fused(tf.nn.relu(convolved), "out")


@pytest.mark.parametrize(
    ("build", "kept"),
    [
        (shift_minus_product, "Mul"),
        (product_of_pixels, "Mul"),
        (norm_of_the_batch, "FusedBatchNormV3"),
        (norm_behind_a_relu, "FusedBatchNormV3"),
    ],
)
def test_what_is_no_norm_of_a_convolution_stays(build, kept):
    graph = frozen(lambda: build(convolution(placeholder())))
    prepared = prepare(graph, "picture", "out")
    np.testing.assert_allclose(run(prepared, "out"), run(graph, "out"), rtol=0, atol=1e-5)
    assert ops(prepared)[kept] == 1


def test_a_product_that_widens_one_channel_stays():
    def build():
        one = tf.nn.conv2d(placeholder(), KERNEL[..., :1], strides=1, padding="SAME", name="conv")
        tf.add(one * np.array([2, 3, 4], np.float32), 1.0, name="out")

    graph = frozen(build)
    prepared = prepare(graph, "picture", "out")
    assert run(prepared, "out").shape == (2, 9, 7, 3)
    np.testing.assert_allclose(run(prepared, "out"), run(graph, "out"), rtol=0, atol=1e-5)


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


def test_the_given_graph_is_left_alone():
    graph = frozen(lambda: tf.nn.relu(written_out(convolution(placeholder())), name="relu"))
    before = graph.SerializeToString(deterministic=True)
    prepare(graph, "picture", "relu")
    assert graph.SerializeToString(deterministic=True) == before


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
    graph, layer = graph_file.read(mobilenet), MOBILENET + layer
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
    graph = graph_file.read(mobilenet)
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


def test_an_attribute_that_is_left_out_has_its_default():
    def build():
        norm = tf.raw_ops.FusedBatchNormV3(
            x=convolution(placeholder()), scale=np.ones(4, np.float32),
            offset=np.zeros(4, np.float32), mean=np.zeros(4, np.float32),
            variance=np.full(4, 1e-4, np.float32), epsilon=1e-4, is_training=False, name="norm",
        )  # fmt: skip
        tf.nn.relu(norm.y, name="relu")

    graph = frozen(build)
    del node(graph, "norm").attr["epsilon"]
    prepared = prepare(graph, "picture", "relu")
    np.testing.assert_allclose(run(prepared, "relu"), run(graph, "relu"), rtol=1e-4)


def test_a_norm_of_the_batch_by_default_stays():
    graph = frozen(lambda: norm_of_the_batch(convolution(placeholder())))
    expected = run(graph, "out")
    del node(graph, "out").attr["is_training"]
    np.testing.assert_allclose(run(prepare(graph, "picture", "out"), "out"), expected, atol=1e-5)
