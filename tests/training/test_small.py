"""Value tests of the small network and its frozen graph."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lucid_sprites.training.small import CHANNELS, frozen_graph, small_network

CLASSES = 5


@pytest.fixture(scope="module")
def network() -> keras.Model:
    keras.utils.set_random_seed(1)
    return small_network(CLASSES)


@pytest.fixture(scope="module")
def graph_def(network: keras.Model) -> tf.compat.v1.GraphDef:
    return frozen_graph(network)


def run(graph_def: tf.compat.v1.GraphDef, tensor: str, pictures: np.ndarray) -> np.ndarray:
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            return session.run(tensor, {"input:0": pictures})


def random_pictures(count: int, size: int = 64) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.uniform(-1, 1, (count, size, size, 3)).astype(np.float32)


def test_nodes_have_the_names_people_read(graph_def):
    ops = {node.name: node.op for node in graph_def.node}
    for number in range(1, len(CHANNELS) + 1):
        assert ops[f"conv{number}/Conv2D"] == "Conv2D"
        assert ops[f"conv{number}/BiasAdd"] == "BiasAdd"
        assert ops[f"conv{number}/Relu"] == "Relu"
    assert ops["pool2/MaxPool"] == "MaxPool"
    assert ops["softmax/Softmax"] == "Softmax"


def test_graph_is_plain_and_has_one_input(graph_def):
    assert len(graph_def.library.function) == 0
    assert {node.op for node in graph_def.node} == {
        "Placeholder",
        "Const",
        "Conv2D",
        "BiasAdd",
        "Relu",
        "MaxPool",
        "Mean",
        "MatMul",
        "Softmax",
    }
    (placeholder,) = (node for node in graph_def.node if node.op == "Placeholder")
    assert placeholder.name == "input"
    assert placeholder.attr["dtype"].type == tf.float32.as_datatype_enum
    assert [dim.size for dim in placeholder.attr["shape"].shape.dim] == [-1, -1, -1, 3]


@pytest.mark.parametrize(("number", "edge"), [(1, 32), (2, 32), (3, 16), (4, 8), (5, 4)])
def test_layers_have_their_depth_and_size(graph_def, number, edge):
    values = run(graph_def, f"conv{number}/Relu:0", random_pictures(2))
    assert values.shape == (2, edge, edge, CHANNELS[number - 1])
    assert values.min() == 0 < values.max()


@pytest.mark.parametrize(("count", "size"), [(1, 64), (7, 64), (2, 96)])
def test_frozen_graph_computes_what_the_network_computes(network, graph_def, count, size):
    pictures = random_pictures(count, size)
    frozen = run(graph_def, "softmax/Softmax:0", pictures)
    assert frozen.shape == (count, CLASSES)
    np.testing.assert_allclose(frozen, network(pictures), rtol=0, atol=1e-6)
    np.testing.assert_allclose(frozen.sum(-1), 1, atol=1e-5)


def test_first_layer_is_a_rectified_convolution(network, graph_def):
    kernel, bias = network.get_layer("conv1").get_weights()
    pictures = random_pictures(1)
    # Stride 2, kernel 7, size 64: "same" pads 2 before and 3 after, so that position (5, 9)
    # starts at pixel (2 * 5 - 2, 2 * 9 - 2).
    patch = pictures[0, 8:15, 16:23]
    expected = np.maximum(np.tensordot(patch, kernel, axes=3) + bias, 0)
    values = run(graph_def, "conv1/Relu:0", pictures)
    np.testing.assert_allclose(values[0, 5, 9], expected, rtol=1e-4, atol=1e-5)


def test_freezing_twice_gives_the_same_bytes(network, graph_def):
    again = frozen_graph(network).SerializeToString(deterministic=True)
    assert again == graph_def.SerializeToString(deterministic=True)
