"""The dense gradient of strided convolutions beside TensorFlow's own."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

import tiny_graphs
from lucid_sprites.engine.convolutions.strided_input_gradient import with_dense_gradient

MARK = "_gradient_op_type"


def convolution(kernel, strides, padding, **attributes) -> GraphDef:
    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, kernel.shape[2]], name="picture")
        tf.nn.conv2d(picture, kernel, strides, padding, name="unit", **attributes)

    return tiny_graphs.frozen(build)


def gradient(graph: GraphDef, pictures: np.ndarray) -> np.ndarray:
    """Of the sum of squares, for pictures whose size the graph does not know."""
    with tf.Graph().as_default(), tf.Session() as session:
        batch, *_, channels = pictures.shape
        given = tf.placeholder(tf.float32, [batch, None, None, channels])
        (unit,) = tf.import_graph_def(graph, {"picture": given}, ["unit:0"], name="")
        (found,) = tf.gradients(tf.reduce_sum(tf.square(unit)), [given])
        return session.run(found, {given: pictures})


def marked(graph: GraphDef) -> bool:
    return any(MARK in node.attr for node in graph.node)


@pytest.mark.parametrize("padding", ["SAME", "VALID", [(0, 0), (2, 1), (1, 3), (0, 0)]])
@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize("taps", [(1, 1), (3, 3), (7, 7), (5, 2)])
def test_it_is_the_gradient_for_pictures_of_any_size(taps, stride, padding):
    random = np.random.RandomState(0)
    kernel = random.normal(size=(*taps, 3, 5)).astype(np.float32)
    graph = convolution(kernel, stride, padding)
    dense = with_dense_gradient(graph)
    assert marked(dense) and not marked(graph)
    for size in [(17, 17), (18, 17), (19, 24), (20, 20)]:
        pictures = random.normal(size=(2, *size, 3)).astype(np.float32)
        np.testing.assert_allclose(
            gradient(dense, pictures), gradient(graph, pictures), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize(
    ("shape", "stride", "attributes"),
    [
        ((3, 3, 3, 4), 1, {}),
        ((3, 3, 8, 4), 2, {}),
        ((3, 3, 3, 4), (1, 2, 1, 1), {}),
    ],
    ids=["stride of 1", "many channels", "unlike strides"],
)
def test_other_convolutions_keep_theirs(shape, stride, attributes):
    assert not marked(
        with_dense_gradient(convolution(np.ones(shape, np.float32), stride, "SAME", **attributes))
    )


def test_a_kernel_that_is_computed_keeps_its_own_gradient():
    def build():
        picture = tf.placeholder(tf.float32, [None, 8, 8, 3], name="picture")
        kernel = tf.reshape(tf.reduce_mean(picture), [1, 1, 1, 1]) * tf.ones([2, 2, 3, 4])
        tf.nn.conv2d(picture, kernel, 2, "SAME", name="unit")

    assert not marked(with_dense_gradient(tiny_graphs.frozen(build)))
