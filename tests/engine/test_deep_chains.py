"""Networks of thousands of nodes in a row: no walk over a graph calls itself for each node."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from lucid_sprites.comparison.kernels import kernels
from lucid_sprites.engine import network, target_channels

COUNT = 3000
KERNEL = np.random.RandomState(0).normal(size=(3, 3, 3, 40)).astype(np.float32)


def chain(step):
    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        value = tf.nn.conv2d(picture, KERNEL, 1, "SAME", name="conv")
        for number in range(COUNT):
            value = step(value, f"step_{number}")

    return tiny_graphs.frozen(build)


@pytest.mark.parametrize(
    "step",
    [
        lambda value, name: tf.nn.relu(value, name=name),
        lambda value, name: tf.nn.max_pool2d(value, 1, 1, "SAME", name=name),
    ],
    ids=["relu", "pool"],
)
def test_channels_are_traced_through_long_chains(step):
    graph = chain(step)
    last = f"step_{COUNT - 1}"
    assert [branch.depth for branch in target_channels.branches(graph, last)] in ([], [40])
    found = network._references(graph, "picture", [last], False)[last]
    assert (found.before, found.pre_activation) == (["conv:0"], None)
    found = kernels(graph, last)
    np.testing.assert_array_equal(found, KERNEL.reshape(-1, 40).T)
