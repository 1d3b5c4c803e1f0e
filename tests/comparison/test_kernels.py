"""The kernel behind a layer's channels is found through what stands between."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from scipy.stats import spearmanr

import tiny_graphs
from lucid_sprites.comparison.changes import correlation
from lucid_sprites.comparison.kernels import kernels
from lucid_sprites.models.loaders import frozen_graph

RANDOM = np.random.RandomState(0)
FIRST = RANDOM.normal(size=(3, 3, 3, 4)).astype(np.float32)
SECOND = RANDOM.normal(size=(1, 1, 3, 2)).astype(np.float32)
DEPTHWISE = RANDOM.normal(size=(3, 3, 4, 2)).astype(np.float32)
DENSE = RANDOM.normal(size=(4, 5)).astype(np.float32)


def build():
    picture = tf.placeholder(tf.float32, [None, 8, 8, 3], name="picture")
    first = tf.nn.conv2d(picture, tf.identity(tf.constant(FIRST)), 1, "SAME", name="first")
    scaled = tf.multiply(first, np.full(4, 2, np.float32), name="scale")
    shifted = tf.nn.relu(tf.add(scaled, np.ones(4, np.float32)), name="relu")
    pooled = tf.nn.max_pool2d(shifted, 2, 2, "VALID", name="pool")
    second = tf.nn.conv2d(picture, SECOND, 1, "SAME", name="second")
    tf.concat([shifted, second], -1, name="joined")
    tf.nn.depthwise_conv2d(pooled, DEPTHWISE, [1, 1, 1, 1], "SAME", name="depthwise")
    tf.add(shifted, first, name="twice_the_same")
    other = tf.nn.conv2d(picture, FIRST[::-1].copy(), 1, "SAME", name="other")
    tf.add(first, other, name="sum")
    tf.multiply(first, tf.sigmoid(first), name="swish")
    tf.matmul(tf.reduce_mean(pooled, (1, 2), name="mean"), DENSE, name="dense")
    tf.matmul(tf.reduce_mean(pooled, (1, 2)), DENSE.T.copy(), transpose_b=True, name="turned")
    tf.reshape(first, [-1, 256], name="flat")


GRAPH = tiny_graphs.frozen(build)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("first", FIRST.reshape(-1, 4)),
        ("relu", FIRST.reshape(-1, 4)),
        ("pool", FIRST.reshape(-1, 4)),
        ("mean", FIRST.reshape(-1, 4)),
        ("swish", FIRST.reshape(-1, 4)),
        ("twice_the_same", FIRST.reshape(-1, 4)),
        ("depthwise/depthwise", None),
        ("dense", DENSE),
        ("turned", DENSE),
    ],
)
def test_channels_have_the_weights_of_their_convolution(layer, expected):
    if layer.startswith("depthwise"):
        layer, expected = "depthwise", DEPTHWISE.reshape(9, 8)
    found = kernels(GRAPH, layer)
    np.testing.assert_allclose(np.stack(found, -1), expected)


def test_channels_of_a_concatenation_come_one_behind_the_other():
    found = kernels(GRAPH, "joined")
    assert [len(channel) for channel in found] == [27, 27, 27, 27, 3, 3]
    np.testing.assert_allclose(found[5], SECOND[..., 1].ravel())


@pytest.mark.parametrize("layer", ["sum", "flat", "picture"])
def test_no_one_kernel(layer):
    assert kernels(GRAPH, layer) is None


def test_a_real_pair_of_one_base_differs_more_with_depth(shared_data):
    """All convolutions over channels, from the first to the last."""
    graphs = [frozen_graph.read(next((shared_data / folder).glob("*.pb")))
              for folder in ("pb22_mobilenetv2_finger", "pb23_mobilenetv2_document")]  # fmt: skip
    blocks = ["expanded_conv", *(f"expanded_conv_{number}" for number in range(1, 17))]
    layers = ["Conv"] + [f"{block}/{part}" for block in blocks for part in ("expand", "project")]
    layers.remove("expanded_conv/expand")  # there is none
    found = []
    for layer in layers:
        name = f"MobilenetV2/{layer}/Conv2D"
        one, other = (np.concatenate(kernels(graph, name)) for graph in graphs)
        found.append(correlation(one, other))
    assert [round(found[0], 2), round(found[-1], 2)] == [0.98, 0.55]
    assert found[-1] == min(found)
    assert spearmanr(range(len(found)), found).statistic < -0.8
