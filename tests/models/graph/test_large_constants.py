"""Large constants, apart from their graph and back."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.models.graph.large_constants import (
    feed_large_constants,
    restore_large_constants,
    strip_large_constants,
    write,
)
from lucid_sprites.models.graph.layer_fingerprints import layer_fingerprints

VALUES = np.arange(40_000, dtype=np.float32).reshape(2, 20_000)


@pytest.fixture
def graph():
    with tf.Graph().as_default() as graph:
        picture = tf.placeholder(tf.float32, [None, 2], name="picture")
        tf.add(tf.matmul(picture, tf.constant(VALUES, name="large")), tf.constant(1.0), name="sum")
    return graph.as_graph_def()


def test_stripped_graphs_are_light_and_come_back_as_they_were(graph):
    light, weights = strip_large_constants(graph)
    assert light.ByteSize() < 2_000
    assert list(weights) == ["large"]
    np.testing.assert_array_equal(weights["large"], VALUES)
    assert list(restore_large_constants(light, weights).node) == list(graph.node)


def test_what_is_written_is_the_whole_graph(graph, tmp_path):
    graph.library.function.add().signature.name = "called"
    light, weights = strip_large_constants(graph)
    write(tmp_path / "a.pb", light, weights)
    assert (tmp_path / "a.pb").read_bytes() == graph.SerializeToString(deterministic=True)


def test_a_constant_comes_back_with_the_inputs_that_it_has_by_now(graph):
    (large,) = (node for node in graph.node if node.name == "large")
    large.input.append("^picture")
    light, weights = strip_large_constants(graph)
    (large,) = (node for node in light.node if node.name == "large")
    del large.input[:]
    whole = restore_large_constants(light, weights)
    assert [list(node.input) for node in whole.node if node.name == "large"] == [[]]


def test_damaged_constants_stay_as_they_are(graph):
    (large,) = (node for node in graph.node if node.name == "large")
    large.attr["value"].tensor.tensor_content = large.attr["value"].tensor.tensor_content[:-4]
    light, weights = strip_large_constants(graph)
    assert (list(light.node), weights) == (list(graph.node), {})


def test_fed_constants_give_what_constants_give(graph):
    light, weights = strip_large_constants(graph)
    fed, values = feed_large_constants(light, weights)
    assert {node.op for node in fed.node if node.name == "large"} == {"Placeholder"}
    pictures = np.array([[1, 2], [3, 4]], np.float32)
    with tf.Graph().as_default():
        tf.import_graph_def(fed, name="")
        with tf.Session() as session:
            given = session.run("sum:0", {"picture:0": pictures, **values})
    np.testing.assert_allclose(given, pictures @ VALUES + 1, rtol=1e-6)


def test_fingerprints_are_those_of_the_whole_graph(graph):
    light, weights = strip_large_constants(graph)
    assert layer_fingerprints(light, "picture", weights) == layer_fingerprints(graph, "picture")
    changed = {"large": VALUES + 1}
    assert (
        layer_fingerprints(light, "picture", changed)["sum"]
        != layer_fingerprints(graph, "picture")["sum"]
    )


@pytest.mark.parametrize(
    "values",
    [
        VALUES.astype(tf.bfloat16.as_numpy_dtype),
        VALUES.astype(np.float16),
        VALUES.astype(np.int64),
        np.tile(VALUES, 2) > 3,
        np.full(20_000, b"name", object),
    ],
    ids=["bfloat16", "float16", "int64", "bool", "string"],
)
def test_constants_of_every_type_come_back(values):
    with tf.Graph().as_default() as made:
        tf.constant(values, name="large")
    graph = made.as_graph_def()
    light, weights = strip_large_constants(graph)
    (node,) = restore_large_constants(light, weights).node
    assert list(weights) == ["large"]
    assert node.attr["dtype"] == graph.node[0].attr["dtype"]
    np.testing.assert_array_equal(tf.make_ndarray(node.attr["value"].tensor), values)
