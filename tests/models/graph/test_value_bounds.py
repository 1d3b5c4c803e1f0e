"""Bounds of what nodes give: right for activations with a ceiling, and never too close."""

import math

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.models.graph.value_bounds import bounds_of, value_bounds
from tiny_graphs import frozen

ANY = (-math.inf, math.inf)
KERNEL = np.random.default_rng(0).normal(size=(3, 3, 3, 4)).astype(np.float32)


def conv(name="conv"):
    picture = tf.placeholder(tf.float32, [None, 8, 8, 3], name="picture")
    return tf.nn.conv2d(picture, KERNEL, 1, "SAME", name=name)


def hard_sigmoid(x):
    return tf.nn.relu6(x + 3.0) * np.float32(1 / 6)


CASES = {
    "relu": (tf.nn.relu, (0, math.inf)),
    "relu6": (tf.nn.relu6, (0, 6)),
    "sigmoid": (tf.sigmoid, (0, 1)),
    "tanh": (tf.tanh, (-1, 1)),
    "elu": (tf.nn.elu, (-1, math.inf)),
    "selu": (tf.nn.selu, (-1.7580993, math.inf)),
    "softsign": (tf.nn.softsign, (-1, 1)),
    "leaky": (lambda x: tf.nn.leaky_relu(x, 0.1), ANY),
    "softmax": (tf.nn.softmax, (0, 1)),
    "hard sigmoid": (hard_sigmoid, (0, 1)),
    "hard swish": (lambda x: x * hard_sigmoid(x), ANY),
    "clipped": (lambda x: tf.clip_by_value(x, -2.0, 5.0), (-2, 5)),
    "leaky of the bounded": (lambda x: tf.nn.leaky_relu(tf.tanh(x), 0.5), (-0.5, 1)),
    "minimum": (lambda x: tf.minimum(tf.nn.relu(x), 1.0), (0, 1)),
    "turned": (lambda x: 1.0 - 2.0 * tf.sigmoid(x), (-1, 1)),
    "divided": (lambda x: tf.nn.relu6(x) / -2.0, (-3, 0)),
    "by what may be nothing": (lambda x: 1.0 / tf.nn.relu6(x), ANY),
    "pooled": (lambda x: tf.nn.avg_pool2d(tf.nn.relu6(x), 2, 2, "SAME"), (0, 6)),
    "joined": (lambda x: tf.concat([tf.tanh(x), tf.nn.relu6(x)], 3), (-1, 6)),
    "summed": (lambda x: tf.nn.relu6(x) + tf.sigmoid(x), (0, 7)),
    "padded": (lambda x: tf.pad(1.0 + tf.sigmoid(x), [[0, 0], [1, 1], [1, 1], [0, 0]]), (0, 2)),
    "normalized": (lambda x: tf.nn.l2_normalize(x, 3), ANY),
    "again a convolution": (lambda x: tf.nn.conv2d(tf.tanh(x)[..., :3], KERNEL, 1, "SAME"), ANY),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bounds_are_those_of_the_operations(case):
    build, wanted = CASES[case]
    graph = frozen(lambda: tf.identity(build(conv()), name="out"))
    low, high = value_bounds(graph, {})["out"]
    assert (low, high) == pytest.approx(wanted)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph, name="")
        pictures = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype(np.float32) * 9
        values = session.run("out:0", {"picture:0": pictures})
    finite = values[np.isfinite(values)]
    assert low - 1e-6 <= finite.min() and finite.max() <= high + 1e-6


def test_constants_that_are_kept_apart_count():
    graph = frozen(lambda: tf.identity(tf.nn.relu6(conv()) * np.float32([1, 2, 3, 4]), name="out"))
    (name,) = [n.name for n in graph.node if n.op == "Const" and n.name != "conv/filter"
               and n.attr["value"].tensor.tensor_shape.dim[:1]
               and n.attr["value"].tensor.tensor_shape.dim[0].size == 4]  # fmt: skip
    assert value_bounds(graph, {})["out"] == (0, 24)
    assert value_bounds(graph, {name: np.float32([-1, 0, 0, 0.5])})["out"] == (-6, 3)


@pytest.mark.parametrize("name", ["picture", "gate", "unit"])
def test_bounds_of_one_node_are_those_of_the_whole_graph(name):
    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        weights = np.ones((1, 1, 3, 2), np.float32)
        sums = tf.nn.conv2d(picture, weights, strides=1, padding="VALID")
        gate = tf.nn.sigmoid(sums, name="gate")
        tf.multiply(tf.nn.relu6(sums), gate * 2.0, name="unit")

    graph = frozen(build)
    assert bounds_of(graph, name) == value_bounds(graph, {})[name]
    assert bounds_of(graph, "unit") == (0, 12)
