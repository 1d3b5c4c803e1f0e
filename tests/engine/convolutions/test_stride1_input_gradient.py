"""The gradient of convolutions of stride 1 beside TensorFlow's own."""

from itertools import product

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

import tiny_graphs
from lucid_sprites.engine.convolutions.stride1_input_gradient import with_turned_gradient

SIZES = [(9, 9), (10, 7), (12, 15)]


def convolution(kernel, padding="SAME", depth=None, **attributes) -> GraphDef:
    def build():
        channels = depth or kernel.shape[2]
        picture = tf.placeholder(tf.float32, [None, None, None, channels], name="picture")
        options = {"strides": 1, **attributes}
        tf.nn.conv2d(picture, kernel, padding=padding, name="unit", **options)

    return tiny_graphs.frozen(build)


def kernel_of(*shape):
    return np.random.RandomState(1).normal(size=shape).astype(np.float32)


def gradient(graph: GraphDef, size: tuple[int, int], channels: int) -> tuple[np.ndarray, set[str]]:
    """Of the sum of squares, for pictures whose size the graph does not know; and its ops."""
    pictures = np.random.RandomState(2).normal(size=(2, *size, channels)).astype(np.float32)
    with tf.Graph().as_default() as whole, tf.Session() as session:
        given = tf.placeholder(tf.float32, [2, None, None, channels])
        (unit,) = tf.import_graph_def(graph, {"picture": given}, ["unit:0"], name="")
        (found,) = tf.gradients(tf.reduce_sum(tf.square(unit)), [given])
        ops = {op.type for op in whole.get_operations()}
        return session.run(found, {given: pictures}), ops


@pytest.mark.parametrize(
    ("taps", "padding"),
    [
        *product([(1, 1), (3, 3), (1, 7), (2, 5), (4, 4)], ["SAME", "VALID"]),
        ((3, 3), [(0, 0), (1, 0), (0, 1), (0, 0)]),
        ((2, 5), [(0, 0), (1, 1), (4, 0), (0, 0)]),
    ],
)
def test_it_is_the_gradient_for_pictures_of_any_size(taps, padding):
    graph = convolution(kernel_of(*taps, 3, 5), padding)
    for size in SIZES:
        expected, _ = gradient(graph, size, 3)
        seen, ops = gradient(with_turned_gradient(graph), size, 3)
        assert "Conv2DBackpropInput" not in ops
        np.testing.assert_allclose(seen, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("graph", "channels"),
    [
        (convolution(kernel_of(3, 3, 2, 6), depth=4), 4),
        (convolution(kernel_of(1, 1, 3, 4), [(0, 0), (1, 1), (2, 0), (0, 0)]), 3),
        (convolution(kernel_of(3, 3, 3, 4), strides=2), 3),
        (convolution(kernel_of(3, 3, 3, 4), dilations=2), 3),
    ],
    ids=["groups of channels", "wide margins", "a stride", "holes"],
)
def test_other_convolutions_keep_theirs(graph, channels):
    expected, _ = gradient(graph, (9, 9), channels)
    seen, ops = gradient(with_turned_gradient(graph), (9, 9), channels)
    assert "Conv2DBackpropInput" in ops
    np.testing.assert_array_equal(seen, expected)


def test_two_backward_passes_share_the_kernel():
    graph = with_turned_gradient(convolution(kernel_of(3, 3, 3, 5)))
    with tf.Graph().as_default() as whole:
        given = tf.placeholder(tf.float32, [2, 8, 8, 3])
        (unit,) = tf.import_graph_def(graph, {"picture": given}, ["unit:0"], name="")
        for _ in range(2):
            tf.gradients(unit, [given])
        shapes = [
            op.outputs[0].shape.as_list() for op in whole.get_operations() if op.type == "Const"
        ]
    assert shapes.count([3, 3, 5, 3]) == 1
