"""Dreams of networks that look for something known."""

from itertools import pairwise

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from input_specs import input_spec
from lucid_sprites.errors import UserError
from lucid_sprites.images import dream, panels

FREE = input_spec()


def edges():
    """Channel 0 wants red, channel 1 what gets brighter to the right."""
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, 0, 0] = 1
    kernel[1, 0, :, 1], kernel[1, 2, :, 1] = -1, 1

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        tf.nn.relu(tf.nn.conv2d(picture, kernel, 1, "VALID"), name="out")

    return tiny_graphs.frozen(build)


def test_octaves_grow_to_the_size_asked_for():
    settings = dream.Settings(octaves=3, octave_scale=1.4)
    assert dream.octave_sizes((439, 300), settings) == [(224, 153), (314, 214), (439, 300)]


def test_tiles_give_the_gradient_of_the_whole():
    """Away from the edges of the tiles a convolution's gradient does not know of tiles."""
    with dream.Dreamer(edges(), FREE, "out") as dreamer:
        picture = np.random.RandomState(0).uniform(0, 255, (40, 56, 3)).astype(np.float32)
        random = np.random.Generator(np.random.Philox(0))
        tiled = dream.tiled_gradient(dreamer, picture, 0, (24, 24), random)
        (whole,) = dreamer.gradients(picture[None], 0)
    assert tiled.shape == picture.shape
    scale = (22 * 22) / (38 * 54)  # each objective is a mean
    penalty = 2e-3 * (picture[..., 0] - dream.GREY) / 127.5**2
    red_tiled = tiled[..., 0] + penalty / (24 * 24 * 3)
    red_whole = whole[..., 0] + penalty / (40 * 56 * 3)
    np.testing.assert_allclose(whole[12, 12, 1:], -2e-3 * (picture[12, 12, 1:] - dream.GREY)
                               / 127.5**2 / (40 * 56 * 3), rtol=1e-4)  # fmt: skip
    np.testing.assert_allclose(red_whole[12, 12], 1 / 255 / (38 * 54), rtol=1e-3)
    np.testing.assert_allclose(red_tiled[12, 12], red_whole[12, 12] / scale, rtol=0.02)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 255.0)])
def test_what_a_network_is_fed_does_not_decide_how_bright_its_dreams_are(low, high):
    """The pull towards grey of channel 1, which no flat picture excites."""
    with dream.Dreamer(edges(), input_spec(low=low, high=high), "out") as dreamer:
        (gradient,) = dreamer.gradients(np.full((1, 24, 24, 3), 200, np.float32), 1)
    pull = -2e-3 * (200 - dream.GREY) / 127.5**2 / (24 * 24 * 3)
    np.testing.assert_allclose(gradient[8:16, 8:16], pull, rtol=1e-4)


@pytest.mark.parametrize("size", [(10, 50), (24, 24), (25, 31), (60, 20)])
def test_any_size_is_covered(size):
    starts = [list(dream._starts(max(edge, 24), 24)) for edge in size]
    for edge, first in zip(size, starts, strict=True):
        covered = np.zeros(max(edge, 24), bool)
        for start in first:
            covered[start : start + 24] = True
        assert covered.all()
        assert all(b - a <= 12 for a, b in pairwise(first))


def test_a_dream_of_red_is_red_and_the_same_again():
    settings = dream.Settings(octaves=2, iterations=10, levels=0, step=4.0)
    start = dream.noise((30, 40, 3), seed=0)
    assert 117 <= start.min() < start.max() <= 118
    with dream.Dreamer(edges(), FREE, "out") as dreamer:
        first = dream.dream(dreamer, start, 0, settings, (24, 24))
        again = dream.dream(dreamer, start, 0, settings, (24, 24))
    np.testing.assert_array_equal(first, again)
    red, *others = first.mean(axis=(0, 1))
    assert red > 160 and max(others) < 125
    assert first.min() >= 0 and first.max() <= 255


def test_the_objective_rises(mobilenet):
    from lucid_sprites.models.graph.prepare import prepare
    from lucid_sprites.models.loaders import frozen_graph

    layer = "MobilenetV1/MobilenetV1/Conv2d_4_pointwise/Relu6"
    graph = frozen_graph.read(mobilenet)
    picture = input_spec("input", 128, 128, low=-1.0)
    settings = dream.Settings(octaves=2, iterations=8)
    start = dream.noise((150, 200, 3), 0)
    with dream.Dreamer(prepare(graph, "input", layer), picture, layer) as dreamer:
        dreamt = dream.dream(dreamer, start, 5, settings, (128, 128))

    def strength(levels):
        from lucid_sprites.models.graph.forward import activations

        value = levels[:128, :128] / 127.5 - 1
        return activations(graph, "input", [layer], value)[0][..., 5].mean()

    assert dreamt.shape == start.shape
    assert strength(dreamt) > 1.8 * strength(start)


def test_a_graph_made_for_one_picture_takes_its_tiles_one_by_one():
    def build():
        picture = tf.placeholder(tf.float32, [1, 8, 8, 3], name="picture")
        weights = tf.constant(np.arange(192, dtype=np.float32)[:, None])
        tf.matmul(tf.reshape(picture, [1, 192]), weights, name="out")

    picture = input_spec(height=8, width=8, high=255.0)
    with dream.Dreamer(tiny_graphs.frozen(build), picture, "out") as dreamer:
        grey = np.full((3, 8, 8, 3), dream.GREY, np.float32)
        found = dreamer.gradients(grey, 0)
    np.testing.assert_allclose(found, np.arange(192.0).reshape(1, 8, 8, 3).repeat(3, 0), rtol=1e-5)


def test_tiles_of_another_size_than_the_networks_are_refused():
    with pytest.raises(UserError, match="pictures of 8 x 9 only"):
        panels._tile(input_spec(height=8, width=9), dream.Settings(tile=16))
