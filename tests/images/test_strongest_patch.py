"""Close-ups of the strongest activations are what the whole picture gives."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from lucid_sprites.images import backprop_rules, strongest_patch
from lucid_sprites.images.receptive_field import Field, receptive_field
from lucid_sprites.images.reconstruction import Reconstructor, strongest_activations
from lucid_sprites.images.strongest_patch import strongest_patches
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.models.loaders import frozen_graph

DEPTH = 24


def network(padding, window=3):
    """Strides, pools, branches and a contrast normalization."""
    random = np.random.default_rng(0)

    def convolution(x, depth, size, stride=1, dilation=1, name=None):
        kernel = random.normal(size=(size, size, x.shape[-1], depth)).astype(np.float32) / size
        x = tf.nn.conv2d(x, kernel, stride, padding, dilations=dilation)
        return tf.nn.relu(tf.nn.bias_add(x, random.normal(size=depth).astype(np.float32)), name)

    def build():
        x = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        x = tf.nn.lrn(convolution(x, 8, 5, stride=2))
        x = tf.nn.max_pool2d(x, window, 2, padding)
        wide = convolution(x, 8, 3, dilation=1 if padding == "VALID" else 2)
        if padding == "SAME":
            wide = tf.concat([wide, convolution(x, 4, 1)], -1)
        convolution(wide, DEPTH, 3, name="out")

    return tiny_graphs.frozen(build)


def reconstructor(graph, value, method="gradient", input_name="picture", layer="out"):
    return Reconstructor(prepare(graph, input_name, layer), input_name, layer, method, value)


def noise(height, width):
    return np.random.default_rng(1).uniform(-1, 1, (height, width, 3)).astype(np.float32)


@pytest.mark.parametrize("method", backprop_rules.METHODS)
@pytest.mark.parametrize("size", [(120, 96), (113, 131), (90, 127)])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_a_strongest_patch_is_what_the_whole_picture_gives(monkeypatch, padding, size, method):
    cropped = []
    passes = strongest_patch.passes
    monkeypatch.setattr(strongest_patch, "passes", lambda *a: cropped.append(a[1]) or passes(*a))
    with reconstructor(network(padding), noise(*size), method) as built:
        maps = range(DEPTH)
        expected = list(built.reconstruct(strongest_activations(built.features, maps, method)))
        found = list(strongest_patches(built, maps))
    assert cropped and cropped[0][0] * cropped[0][1] <= 0.5 * size[0] * size[1]
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_a_strongest_patch_at_the_border(corner):
    """What excites most lies in a corner, where the picture is padded."""
    value = 0.01 * noise(121, 94)
    y, x = (slice(None, 9) if place == 0 else slice(-9, None) for place in corner)
    value[y, x] *= 300
    with reconstructor(network("SAME"), value) as built:
        maps = range(DEPTH)
        expected = list(built.reconstruct(strongest_activations(built.features, maps, "gradient")))
        found = list(strongest_patches(built, maps))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_receptive_field_is_what_a_position_depends_on():
    with reconstructor(network("VALID"), noise(101, 101)) as built:
        field, across = receptive_field(built.passes.features, built.passes.picture)
        signal = np.zeros_like(built.features)
        signal[3, 7, 0] = 1
    # Windows of 5, 3, 3, 3 at 1, 2, 4 and 4 pixels.
    assert field == across == Field(stride=4, low=0, high=4 + 4 + 8 + 8)
    assert field.edge(101) % 4 == 101 % 4 and 25 <= field.edge(101) < 29
    assert (field.start(0, 101), field.start(3, 101)) == (0, 12)
    assert field.start(25, 101) == 101 - field.edge(101)


def test_where_every_position_sees_everything_there_is_no_patch():
    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        mean = tf.reduce_mean(picture, (1, 2), keepdims=True)
        tf.multiply(picture, mean, name="out")

    value = noise(40, 40)
    with reconstructor(tiny_graphs.frozen(build), value) as built:
        assert receptive_field(built.passes.features, built.passes.picture) is None
        found = list(strongest_patches(built, range(3)))
    assert all(np.count_nonzero(whole) == 1600 for whole in found)


def test_a_real_network(shared_data):
    graph = frozen_graph.read(shared_data / "pb04_azure_squeezenet_catdog" / "catdog_model.pb")
    value = 127 + 127 * noise(227, 227)
    maps = range(0, 256, 16)
    with reconstructor(graph, value, "deconvolution", "Placeholder", "fire4_concat") as built:
        signals = strongest_activations(built.features, maps, "deconvolution")
        expected = list(built.reconstruct(signals))
        found = list(strongest_patches(built, maps))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5 * scale)
