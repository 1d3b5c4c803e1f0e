"""Layers that networks of today write in several operations are one layer each, and compute the
same."""

import keras
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from imported import EDGES
from lucid_sprites.models.catalogue import describe
from lucid_sprites.models.loaders.freeze_keras import freeze
from lucid_sprites.models.normal_form.normalize import normalize
from tiny_graphs import frozen

RANDOM = np.random.default_rng(0)


def numbers(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


PICTURES = numbers(2, 17, 12, 8)


def layers(form):
    return {layer.name: layer for layer in describe(form, EDGES, "graph.pb").layers}


def kinds(form):
    return {name: layer.kind for name, layer in layers(form).items()}


def values(form, layer, pictures=PICTURES):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(form.graph, name="")
        return session.run(f"{layer}:0", {f"{form.picture.name}:0": pictures})


def gradient(form, layer, pictures=PICTURES):
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(form.graph, name="")
        picture = graph.get_tensor_by_name(f"{form.picture.name}:0")
        tensor = graph.get_tensor_by_name(f"{layer}:0")
        return session.run(tf.gradients(tf.reduce_sum(tensor**2), picture), {picture: pictures})[0]


def group_by_group(pictures, kernel, groups, padding, strides):
    """The same convolution, as many plain ones."""
    pairs = zip(np.split(pictures, groups, 3), np.split(kernel, groups, 3), strict=True)
    with tf.Graph().as_default(), tf.Session() as session:
        parts = [tf.nn.conv2d(part, weights, strides, padding) for part, weights in pairs]
        return session.run(tf.concat(parts, 3))


EXPLICIT = [[0, 0], [2, 1], [0, 3], [0, 0]]


@pytest.mark.parametrize("padding", ["SAME", "VALID", EXPLICIT], ids=str)
@pytest.mark.parametrize(
    ("groups", "outputs", "strides", "op"),
    [
        (8, 8, [1, 1, 1, 1], "DepthwiseConv2dNative"),
        (8, 24, [1, 2, 2, 1], "DepthwiseConv2dNative"),
        (8, 16, [1, 1, 2, 1], "Conv2D"),
        (4, 8, [1, 2, 1, 1], "Conv2D"),
        (2, 6, [1, 1, 1, 1], "Conv2D"),
    ],
)
def test_grouped_convolutions_give_what_their_groups_do(groups, outputs, strides, op, padding):
    kernel = numbers(3, 3, 8 // groups, outputs)

    def build():
        pictures = tf.placeholder(tf.float32, [None, None, None, 8], name="picture")
        tf.nn.relu(tf.nn.conv2d(pictures, kernel, strides, padding, name="conv"), name="relu")

    form = normalize(frozen(build), {}, "graph.pb")
    expected = group_by_group(PICTURES, kernel, groups, padding, strides)
    np.testing.assert_allclose(values(form, "conv"), expected, rtol=1e-4, atol=1e-4)
    described = layers(form)
    assert {name: (layer.op, layer.depth) for name, layer in described.items()} == {
        "conv": (op, outputs),
        "relu": ("Relu", outputs),
    }


def test_wide_groups_become_several_convolutions_and_stay_one_layer():
    kernel = numbers(3, 3, 96, 12)
    pictures = numbers(1, 9, 9, 384)

    def build():
        placeholder = tf.placeholder(tf.float32, [None, None, None, 384], name="picture")
        tf.nn.relu(tf.nn.conv2d(placeholder, kernel, 1, "SAME", name="conv"), name="relu")

    form = normalize(frozen(build), {}, "graph.pb")
    assert sum(node.op == "Conv2D" for node in form.light.node) == 4
    expected = group_by_group(pictures, kernel, 4, "SAME", [1, 1, 1, 1])
    np.testing.assert_allclose(values(form, "conv", pictures), expected, rtol=1e-3, atol=1e-3)
    assert kinds(form) == {"conv": "convolution", "relu": "activation"}


@pytest.fixture
def convnext_block():
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    x = picture = keras.Input((16, 12, 3), name="picture")
    x = stem = keras.layers.Conv2D(8, 4, 4, name="stem")(x)
    x = keras.layers.Conv2D(8, 7, padding="same", groups=8, name="depthwise")(x)
    x = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
    x = keras.layers.Dense(32, name="wide")(x)
    x = keras.layers.Activation("gelu", name="gelu")(x)
    x = keras.layers.Dense(8, name="narrow")(x)
    x = keras.layers.Add(name="sum")([x, stem])
    model = keras.Model(picture, x)
    for weight in model.weights:
        weight.assign(RANDOM.normal(size=weight.shape))
    return model


def test_a_block_of_convnext_has_a_layer_for_each_of_keras(convnext_block):
    form = normalize(freeze(convnext_block), {}, "model.keras")
    assert kinds(form) == {
        "stem/convolution": "convolution",
        "stem/BiasAdd": "norm",
        "depthwise/convolution": "convolution",
        "depthwise/BiasAdd": "norm",
        "norm/add_2": "norm",
        "wide/Tensordot": "convolution",
        "wide/BiasAdd": "norm",
        "gelu/Gelu/mul_2": "activation",
        "narrow/Tensordot": "convolution",
        "narrow/BiasAdd": "norm",
        "sum/Add": "norm",
    }
    assert describe(form, EDGES, "model.keras").other == {}


def test_a_block_of_convnext_computes_what_keras_does(convnext_block):
    form = normalize(freeze(convnext_block), {}, "model.keras")
    pictures = numbers(3, 16, 12, 3)
    expected = convnext_block(pictures).numpy()
    np.testing.assert_allclose(values(form, "sum/Add", pictures), expected, rtol=1e-3, atol=1e-3)


def test_a_block_of_convnext_has_the_gradient_of_keras(convnext_block):
    import tensorflow

    form = normalize(freeze(convnext_block), {}, "model.keras")
    pictures = numbers(3, 16, 12, 3)
    with tensorflow.GradientTape() as tape:
        variable = tensorflow.Variable(pictures)
        loss = tensorflow.reduce_sum(convnext_block(variable) ** 2)
    expected = tape.gradient(loss, variable).numpy()
    found = gradient(form, "sum/Add", pictures)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_kernels_that_are_made_of_others_are_kept_apart_as_all_large_constants():
    """They filled the memory: TensorFlow copies each constant of a graph several times."""
    narrow, wide = numbers(1, 1, 3, 160), numbers(160, 160)

    def build():
        picture = tf.placeholder(tf.float32, [None, 8, 8, 3], name="picture")
        first = tf.nn.conv2d(picture, narrow, strides=1, padding="SAME")
        flat = tf.matmul(tf.reshape(first, [-1, 160]), wide)
        tf.nn.relu(tf.reshape(flat, [-1, 8, 8, 160]), name="end")

    form = normalize(frozen(build), {}, "graph.pb")
    assert form.light.ByteSize() < wide.nbytes / 10
    assert [value.shape for value in form.weights.values()] == [(1, 1, 160, 160)]
    pictures = numbers(2, 8, 8, 3)
    expected = np.maximum(pictures @ narrow[0, 0] @ wide, 0)
    np.testing.assert_allclose(values(form, "end", pictures), expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("function", ["gelu", "silu", "hard_silu", "mish", "relu6", "leaky_relu"])
def test_an_activation_written_out_is_one_layer(function):
    keras.utils.clear_session()
    x = picture = keras.Input((16, 16, 3), name="picture")
    x = keras.layers.Conv2D(4, 3, name="conv", use_bias=False)(x)
    x = keras.layers.Activation(function, name="active")(x)
    form = normalize(freeze(keras.Model(picture, x)), {}, "model.keras")
    found = [name for name, kind in kinds(form).items() if kind == "activation"]
    assert len(found) == 1
    assert found[0].startswith("active/")


def test_a_tensor_and_its_sum_with_something_else_is_no_activation():
    kernel = numbers(1, 1, 8, 8)

    def build():
        x = tf.placeholder(tf.float32, [None, None, None, 8], name="picture")
        a = tf.nn.conv2d(x, kernel, 1, "SAME", name="a")
        b = tf.nn.conv2d(x, kernel, 1, "SAME", name="b")
        scaled = tf.multiply(a, b, name="scaled")
        tf.add(scaled, tf.multiply(scaled, tf.exp(b)), name="sum")

    found = kinds(normalize(frozen(build), {}, "graph.pb"))
    assert found == {"a": "convolution", "b": "convolution", "sum": "norm"}


def test_a_guard_of_a_division_is_no_layer():
    def build():
        x = tf.placeholder(tf.float32, [None, None, None, 8], name="picture")
        x = tf.nn.conv2d(x, numbers(1, 1, 8, 8), 1, "SAME", name="conv")
        length = tf.maximum(tf.sqrt(tf.reduce_sum(x**2, 3, True)), 1e-6, name="guard")
        tf.maximum(tf.divide(x, length, name="unit"), 0.0, name="rectified")

    assert kinds(normalize(frozen(build), {}, "graph.pb")) == {
        "conv": "convolution", "unit": "norm", "rectified": "activation",
    }  # fmt: skip


def test_shapes_that_the_writer_noted_may_be_wrong():
    kernel = numbers(3, 3, 8, 4)

    def build():
        x = tf.placeholder(tf.uint8, [1, 24, 24, 8], name="picture")
        x = tf.nn.relu(tf.nn.conv2d(tf.cast(x, tf.float32), kernel, 1, "VALID"), name="relu")
        tf.nn.softmax(tf.reshape(x, [1, 22 * 22 * 4]), name="out")

    graph = frozen(build)
    for node in graph.node:
        noted = node.attr["_output_shapes"].list.shape.add()
        for size in (7, 1, 24, 3):
            noted.dim.add(size=size)
    found = layers(normalize(graph, {}, "graph.pb"))
    assert found["relu"].depth == 4
    assert found["out"].depth == 22 * 22 * 4
