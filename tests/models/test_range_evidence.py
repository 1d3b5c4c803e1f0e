"""The value range that fits a network, where its graph does not tell."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.models.dead_leaves import dead_leaves
from lucid_sprites.models.normal_form.normalize import NormalForm, normalize
from lucid_sprites.models.range_evidence import settle_range
from lucid_sprites.recipe import value_ranges
from tiny_graphs import frozen

DEPTH = 12
KERNEL = np.random.default_rng(1).normal(size=(3, 3, 3, DEPTH)).astype(np.float32)
WIDE = np.random.default_rng(2).normal(size=(3, 3, DEPTH, DEPTH)).astype(np.float32) / 10
# Not those that evidence is gathered with.
SEEN = dead_leaves(12, 96, 96, 3)[8:, ::-1]
ONES, NONES = np.ones(DEPTH, np.float32), np.zeros(DEPTH, np.float32)


def second_layer(pictures, kernel=KERNEL):
    first = tf.nn.relu(tf.nn.conv2d(pictures, kernel, strides=1, padding="SAME"))
    return tf.nn.conv2d(first, WIDE[..., : kernel.shape[-1], :], strides=2, padding="SAME")


def moments(range_, pictures=SEEN, kernel=KERNEL):
    """What the second layer's batch norm sees of pictures in a range."""
    low, high = range_
    with tf.Graph().as_default(), tf.Session() as session:
        values = session.run(second_layer(tf.constant(pictures * (high - low) + low), kernel))
    return values.mean((0, 1, 2)), values.var((0, 1, 2))


def trained(range_, written_out=False) -> NormalForm:
    """A network whose first layer tells nothing, and whose second has seen pictures in a range."""
    mean, variance = moments(range_)

    def build():
        values = second_layer(tf.placeholder(tf.float32, [None, None, None, 3], name="picture"))
        if written_out:
            scale = 1 / np.sqrt(variance)
            values = values * scale - mean * scale
        else:
            values, *_ = tf.nn.fused_batch_norm(
                values, ONES, NONES, mean, variance, is_training=False
            )
        tf.nn.relu(values, name="unit")

    return normalize(frozen(build), {}, "graph.pb")


@pytest.mark.parametrize("written_out", [False, True])
@pytest.mark.parametrize(
    "range_",
    [value_ranges.UNIT, value_ranges.SIGNED, value_ranges.BYTES, value_ranges.NORMALIZED,
     value_ranges.BYTES_LESS_MEAN],
)  # fmt: skip
def test_batch_norm_tells_what_pictures_it_has_seen(range_, written_out):
    before = trained(range_, written_out)
    assert before.picture.known["range"] == "assumed"
    picture = settle_range(before).picture
    assert ((picture.low, picture.high), picture.known["range"]) == (range_, "inferred")
    assert picture == replace(before.picture, low=picture.low, high=picture.high,
                              known={**before.picture.known, "range": "inferred"})  # fmt: skip


def test_moments_that_fit_no_range_leave_what_is_assumed():
    mean, variance = moments(value_ranges.UNIT)

    def build():
        values = second_layer(tf.placeholder(tf.float32, [None, None, None, 3], name="picture"))
        tf.nn.fused_batch_norm(
            values, ONES, NONES, mean * 1e4, variance / 1e4, is_training=False, name="norm"
        )

    picture = settle_range(normalize(frozen(build), {}, "graph.pb")).picture
    assert picture.known["range"] == "assumed"


def test_what_the_config_says_stays():
    before = trained(value_ranges.SIGNED)
    said = replace(
        before.picture, low=0.0, high=255.0, known={**before.picture.known, "range": "config"}
    )
    told = replace(before, picture=said)
    assert settle_range(told) is told


def answering(threshold: float) -> NormalForm:
    """A network without batch norm whose units need pictures above a threshold to fire."""
    kernel = np.random.default_rng(3).normal(size=(3, 3, 3, DEPTH)).astype(np.float32) / 5
    likes = np.random.default_rng(4).normal(size=(DEPTH, 4)).astype(np.float32) / threshold

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        first = tf.nn.conv2d(picture, kernel, strides=1, padding="SAME")
        first = tf.nn.relu(first - threshold)
        tf.nn.softmax(tf.matmul(tf.reduce_mean(first, [1, 2]), likes))

    return normalize(frozen(build), {}, "graph.pb")


def test_a_network_that_only_bytes_wake_takes_bytes():
    picture = settle_range(answering(30.0)).picture
    assert ((picture.low, picture.high), picture.known["range"]) == ((0, 255), "inferred")


def test_a_network_that_small_numbers_wake_is_left_alone():
    before = answering(0.05)
    assert settle_range(before) is before


def test_a_network_that_takes_no_such_size_is_left_alone():
    mean, variance = moments(value_ranges.UNIT)

    def build():
        values = second_layer(tf.placeholder(tf.float32, [None, None, None, 3], name="picture"))
        flat = tf.reshape(values, [-1, 20 * 20 * DEPTH])
        again = tf.reshape(flat, [-1, 20, 20, DEPTH])
        tf.nn.fused_batch_norm(again, ONES, NONES, mean, variance, is_training=False)

    before = normalize(frozen(build), {}, "graph.pb")
    assert settle_range(before) is before


def test_generated_pictures_are_the_same_every_time_and_like_photos():
    pictures = dead_leaves(8, 64, 96, 3)
    np.testing.assert_array_equal(pictures, dead_leaves(8, 64, 96, 3))
    assert pictures.shape == (8, 64, 96, 3)
    assert pictures.dtype == np.float32
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    # ImageNet's mean is about (0.49, 0.46, 0.41), its deviation 0.22 to 0.23.
    np.testing.assert_allclose(pictures.mean((0, 1, 2)), [0.49, 0.46, 0.41], atol=0.08)
    np.testing.assert_allclose(pictures.std((0, 1, 2)), 0.225, atol=0.06)
    # Neighbours are alike, as the power law of natural spectra has it.
    right = np.corrcoef(pictures[:, :, 1:].ravel(), pictures[:, :, :-1].ravel())[0, 1]
    assert right > 0.85
    grey = dead_leaves(2, 32, 32, 5)
    assert grey.shape == (2, 32, 32, 5)
    np.testing.assert_array_equal(grey[..., 0], grey[..., 4])
