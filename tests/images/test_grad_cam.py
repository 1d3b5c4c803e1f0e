"""Grad-CAM against the same network in numpy, and what is told of it."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from images.numpy_network import Network
from lucid_sprites.errors import UserError
from lucid_sprites.images import grad_cam

CLASSES = np.random.RandomState(3).normal(size=(5, 7)).astype(np.float32)
VALUE = np.random.RandomState(1).uniform(-1, 1, (12, 16, 3)).astype(np.float32)
SETTINGS = {"size_limit": 512, "stretch": False, "target": None, "target_layer": None}


def classifier(end=tf.nn.softmax):
    """The network of `Network`, the mean of its last maps, and seven classes."""
    network = Network()

    def build():
        (features,) = tf.import_graph_def(network.graph(), return_elements=["relu2:0"], name="")
        scores = tf.matmul(tf.reduce_mean(features, [1, 2]), CLASSES, name="logits")
        if end is not None:
            end(scores, name="end")

    return network, tiny_graphs.frozen(build)


def explained(unit):
    """Scores and heat map of the last layer, in numpy.

    The score is the product of the mean of the maps and the classes, so its gradient is the same
    everywhere, and Grad-CAM is the class activation map.
    """
    features = Network().forward(VALUE)
    scores = features.mean(axis=(0, 1)) @ CLASSES
    unit = int(scores.argmax()) if unit is None else unit
    heat = np.maximum(features @ CLASSES[:, unit] / features[..., 0].size, 0)
    return unit, scores[unit], heat


@pytest.mark.parametrize("unit", [None, 0, 6])
def test_the_last_layer_is_a_class_activation_map(unit):
    _, graph = classifier()
    found = grad_cam.explain(graph, "picture", ["relu2"], VALUE, "logits", unit)
    number, score, heat = explained(unit)
    assert found.unit == number
    assert found.score == pytest.approx(score, rel=1e-4)
    np.testing.assert_allclose(grad_cam.heat_map(*found.maps[0]), heat, atol=1e-5)
    assert heat.any()


def test_an_inner_layer_has_the_gradient_that_comes_back_to_it():
    network, graph = classifier()
    found = grad_cam.explain(graph, "picture", ["pool"], VALUE, "logits", 2)
    network.forward(VALUE)
    slope = np.tile(CLASSES[:, 2] / network.conv2[..., 0].size, (*network.conv2.shape[:2], 1))
    back = _back_through_the_second_convolution(slope * (network.conv2 > 0), network.second)
    heat = np.maximum(network.pooled @ back.mean(axis=(0, 1)), 0)
    np.testing.assert_allclose(grad_cam.heat_map(*found.maps[0]), heat, atol=1e-5)
    assert heat.any()


def _back_through_the_second_convolution(signal, kernel):
    height, width, _ = signal.shape
    out = np.zeros((height + 2, width + 2, kernel.shape[2]))
    for y in range(height):
        for x in range(width):
            out[y : y + 3, x : x + 3] += kernel @ signal[y, x]
    return out[1:-1, 1:-1]


@pytest.mark.parametrize(
    ("end", "node"), [(tf.nn.softmax, "logits"), (tf.nn.sigmoid, "logits"), (None, "logits"),
                      (tf.nn.relu, "end")]
)  # fmt: skip
def test_scores_are_what_a_saturating_end_reads(end, node):
    _, graph = classifier(end)
    assert grad_cam.score_node(graph) == node


def test_nothing_but_the_hot_part_of_the_picture_is_coloured():
    levels = np.full((8, 8, 1), 100, np.float32)
    heat = np.zeros((8, 8), np.float32)
    heat[2:4, 5] = 3
    shown = grad_cam.overlay(levels, heat)
    assert shown.shape == (8, 8, 3) and shown.dtype == np.uint8
    np.testing.assert_array_equal(shown[heat == 0], 100)
    # Turbo ends in dark red, (122.3, 3.9, 2.7): 0.7 of it, and 0.3 of the grey.
    np.testing.assert_array_equal(shown[heat > 0], np.tile([116, 33, 32], (2, 1)))


def test_a_cold_layer_shows_the_picture():
    levels = np.random.RandomState(0).uniform(0, 255, (4, 6, 3)).astype(np.float32)
    shown = grad_cam.overlay(levels, np.zeros((2, 3), np.float32))
    np.testing.assert_array_equal(shown, np.rint(levels))


def test_the_record_says_which_class_and_how_strong():
    _, graph = classifier()
    levels = (VALUE + 1) * 127.5
    ((shown, record),) = grad_cam.heat_maps(graph, "picture", ["relu2"], VALUE, levels, SETTINGS)
    unit, score, heat = explained(None)
    assert shown.shape == VALUE.shape
    assert (record["target"], record["target_layer"]) == (unit, "logits")
    assert record["score"] == pytest.approx(score, rel=1e-4)
    assert record["hottest"] == pytest.approx(heat.max(), rel=1e-4)


@pytest.mark.parametrize(
    ("scores", "unit", "message"),
    [("logits", 7, "target 7: logits has 7 classes"), ("pool", 0, "relu2: pool does not depend")],
)
def test_what_cannot_be_explained_is_refused(scores, unit, message):
    _, graph = classifier()
    with pytest.raises(UserError, match=message):
        grad_cam.explain(graph, "picture", ["relu2"], VALUE, scores, unit)
