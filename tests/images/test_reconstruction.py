"""Reconstructions beside a network that goes backward in numpy, and beside TensorFlow's own."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from images.numpy_network import RECTIFIERS, Network
from lucid_sprites import tensorflow_start
from lucid_sprites.images import reconstruction
from lucid_sprites.images.reconstruction import (
    Reconstructor,
    strongest_activations,
    strongest_maps,
    whole_maps,
)
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.models.loaders import frozen_graph

SIGNALS = {"whole": whole_maps, "strongest": strongest_activations}


def picture(height=8, width=10, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, (height, width, 3)).astype(np.float32)


def reconstruct(graph, layer, method, value, signals=whole_maps, maps=None):
    with Reconstructor(prepare(graph, "picture", layer), "picture", layer, method, value) as built:
        chosen = maps or range(built.features.shape[-1])
        return np.stack(list(built.reconstruct(signals(built.features, chosen, method))))


@pytest.mark.parametrize("signals", SIGNALS)
@pytest.mark.parametrize("method", RECTIFIERS)
def test_every_method_is_what_it_says_in_numpy(method, signals):
    network, value = Network(), picture()
    features = network.forward(value)
    expected = []
    for channel in range(5):
        signal = np.zeros_like(features)
        own = features[..., channel] if method == "deconvolution" else np.ones(features.shape[:2])
        if signals == "strongest":
            place = np.unravel_index(features[..., channel].argmax(), features.shape[:2])
            signal[(*place, channel)] = own[place]
        else:
            signal[..., channel] = own
        expected.append(network.backward(signal, RECTIFIERS[method]))
    found = reconstruct(network.graph(), "relu2", method, value, SIGNALS[signals])
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_three_methods_differ():
    results = [reconstruct(Network().graph(), "relu2", m, picture()) for m in RECTIFIERS]
    for a, b in [(0, 1), (0, 2), (1, 2)]:
        assert np.abs(results[a] - results[b]).max() > 0.1


def leaky(picture):
    return tf.nn.leaky_relu(picture, 0.3)


RECTIFIED = {
    "Relu6": (tf.nn.relu6, lambda v: v > 0),
    "LeakyRelu": (leaky, lambda v: np.where(v > 0, 1, 0.3)),
    "Elu": (tf.nn.elu, lambda v: np.where(v > 0, 1, np.exp(v))),
    "Selu": (tf.nn.selu, lambda v: np.where(v > 0, 1.0507, 1.0507 * 1.67326 * np.exp(v))),
    "Softplus": (tf.nn.softplus, lambda v: 1 / (1 + np.exp(-v))),
    "Maximum": (lambda v: tf.maximum(v, 0.3 * v), lambda v: np.where(v > 0, 1, 0.3)),
}


@pytest.mark.parametrize("kind", RECTIFIED)
def test_other_rectifiers(kind):
    rectifier, slope = RECTIFIED[kind]
    mixing = np.array([[1.0, -1], [0.5, 2], [-1, 1]], np.float32)

    def build():
        fed = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        tf.nn.conv2d(rectifier(fed * 4), mixing[None, None], 1, "SAME", name="mixed")

    graph, value = tiny_graphs.frozen(build), picture()
    for channel in range(2):
        upstream = np.broadcast_to(mixing[:, channel], value.shape)
        guided = reconstruct(graph, "mixed", "guided_backpropagation", value, maps=[channel])[0]
        expected = 4 * np.maximum(upstream, 0) * slope(4 * value)
        if kind == "Maximum":  # both of its inputs are the picture; the gate chooses the slope
            expected = 4 * np.maximum(upstream, 0) * np.where(value > 0, 1, 0.3)
        np.testing.assert_allclose(guided, expected, rtol=1e-4, atol=1e-5)
        if kind == "Maximum":
            continue
        features = np.einsum("hwi,io->hwo", _forward(graph, value), mixing)
        signal = np.maximum(features[..., channel, None], 0) * mixing[:, channel]
        found = reconstruct(graph, "mixed", "deconvolution", value, maps=[channel])[0]
        np.testing.assert_allclose(found, 4 * np.maximum(signal, 0), rtol=1e-4, atol=1e-5)


def _forward(graph, value):
    """What goes into the last convolution."""
    with tf.Graph().as_default(), tf.Session(config=tensorflow_start.session_config()) as session:
        source = next(node for node in graph.node if node.name == "mixed").input[0]
        fed = tf.placeholder(tf.float32, [1, *value.shape])
        (tensor,) = tf.import_graph_def(graph, {"picture": fed}, [f"{source}:0"], name="")
        return session.run(tensor, {fed: value[None]})[0]


@pytest.mark.parametrize("method", RECTIFIERS)
def test_a_full_relu6_is_looked_at_before_its_bound(method):
    def build(rectifier):
        fed = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        rectifier(tf.nn.conv2d(fed, 9 * Network().first, 1, "SAME"), name="out")

    bounded, free = (
        reconstruct(tiny_graphs.frozen(lambda r=r: build(r)), "out", method, picture(),
                    strongest_activations)
        for r in (tf.nn.relu6, tf.nn.relu)
    )  # fmt: skip
    assert bounded.any(axis=(1, 2, 3)).all()
    np.testing.assert_allclose(bounded, free)


def test_contrast_normalization_lets_the_signal_pass():
    def build():
        fed = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        tf.identity(tf.nn.lrn(fed, alpha=1.0) * 2, name="out")

    graph, value = tiny_graphs.frozen(build), picture()
    found = reconstruct(graph, "out", "guided_backpropagation", value)
    np.testing.assert_allclose(found[1][..., 1], 2)
    assert not found[1][..., 0].any()
    with_norm = reconstruct(graph, "out", "gradient", value)
    assert np.abs(with_norm[1][..., 1] - 2).max() > 0.1


@pytest.mark.parametrize(("window", "stride", "padding"), [(3, 2, "SAME"), (3, 1, "VALID")])
def test_switches_give_the_values_of_tensorflows_own_gradient(window, stride, padding):
    """Windows that overlap, and share their largest value."""

    def build():
        fed = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        tf.nn.max_pool2d(tf.nn.relu(fed), window, stride, padding, name="pool")

    graph, value = tiny_graphs.frozen(build), picture(9, 7)
    found = reconstruct(graph, "pool", "gradient", value)
    for channel in range(3):
        np.testing.assert_allclose(found[channel], _gradient(graph, "pool", channel, value))


def _gradient(graph, layer, channel, value):
    with tf.Graph().as_default(), tf.Session(config=tensorflow_start.session_config()) as session:
        fed = tf.placeholder(tf.float32, [1, *value.shape])
        (features,) = tf.import_graph_def(graph, {"picture": fed}, [f"{layer}:0"])
        (gradient,) = tf.gradients(features[..., channel], fed)
        return session.run(gradient, {fed: value[None]})[0]


def test_maps_that_a_picture_does_not_excite_are_zero():
    graph = tiny_graphs.small(depth=20, dead=(0, 7, 19))
    value = picture(16, 16)
    found = reconstruct(graph, "conv1/BiasAdd", "gradient", value)
    assert [n for n in range(20) if not found[n].any()] == [0, 7, 19]
    for channel in (1, 6, 18):
        expected = _gradient(graph, "conv1/BiasAdd", channel, value)
        np.testing.assert_allclose(found[channel], expected, rtol=1e-4, atol=1e-5)


def test_a_graph_made_for_one_picture_goes_map_by_map():
    kernel = np.random.RandomState(0).normal(size=(8 * 8 * 3, 40)).astype(np.float32)

    def build():
        fed = tf.placeholder(tf.float32, [1, 8, 8, 3], name="picture")
        flat = tf.reshape(fed * fed, [1, 8 * 8 * 3])
        tf.reshape(tf.matmul(flat, kernel), [1, 1, 1, 40], name="out")

    value = picture(8, 8)
    found = reconstruct(tiny_graphs.frozen(build), "out", "gradient", value)
    expected = 2 * value * kernel.T.reshape(40, 8, 8, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_strongest_maps_go_by_their_strongest_activation():
    features = np.zeros((3, 3, 4), np.float32)
    features[1, 1] = [2, 5, np.nan, 4]
    features[0, 0, 0] = 7
    assert strongest_maps(features, 3) == [0, 1, 3]
    assert strongest_maps(features) == [0, 1, 2, 3]


@pytest.mark.parametrize("method", RECTIFIERS)
def test_a_real_network_in_batches_is_what_it_is_alone(mobilenet, method, monkeypatch):
    graph = frozen_graph.read(mobilenet)
    layer = "MobilenetV1/MobilenetV1/Conv2d_4_pointwise/Relu6"
    value = picture(128, 128)
    network = prepare(graph, "input", layer)

    def run():
        with Reconstructor(network, "input", layer, method, value) as built:
            return np.stack(list(built.reconstruct(whole_maps(built.features, range(20), method))))

    together = run()
    monkeypatch.setattr(reconstruction, "HELD_BYTES", 1)
    alone = run()
    assert together.any()
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4 * np.abs(alone).max())
