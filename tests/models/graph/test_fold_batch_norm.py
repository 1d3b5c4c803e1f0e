"""Batch norms folded into their convolutions: the same values from fewer nodes."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.models.graph.prepare import fold_batch_norm, prepare
from models.graph.convolution_graphs import KERNEL, RANDOM, convolution, node, ops, placeholder, run
from tiny_graphs import frozen

DEPTHWISE = RANDOM.normal(size=(3, 3, 3, 2)).astype(np.float32)


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


def test_the_given_graph_is_left_alone():
    graph = frozen(lambda: tf.nn.relu(written_out(convolution(placeholder())), name="relu"))
    before = graph.SerializeToString(deterministic=True)
    prepare(graph, "picture", "relu")
    assert graph.SerializeToString(deterministic=True) == before
