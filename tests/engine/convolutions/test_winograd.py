"""Convolutions with fewer products beside TensorFlow's own, in double precision."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.convolutions import winograd


def plain(pictures: np.ndarray, kernel: np.ndarray, margin: int) -> np.ndarray:
    """Sums of products over all taps, in double precision."""
    padded = np.pad(pictures.astype(float), [(0, 0), (margin, margin), (margin, margin), (0, 0)])
    height, width = (edge - 2 for edge in padded.shape[1:3])
    return sum(
        padded[:, y : y + height, x : x + width] @ kernel[y, x].astype(float)
        for y in range(3)
        for x in range(3)
    )


def fewer(pictures: np.ndarray, kernel: np.ndarray, margin: int) -> np.ndarray:
    """`winograd.convolve` in a graph that knows the batch and the channels only."""
    batch, *_, channels = pictures.shape
    with tf.Graph().as_default(), tf.Session() as session:
        given = tf.placeholder(tf.float32, [batch, None, None, channels])
        seen = winograd.convolve(given, winograd.transformed(kernel), margin)
        assert seen.shape.as_list() == [batch, None, None, kernel.shape[3]]
        return session.run(seen, {given: pictures})


@pytest.mark.parametrize("margin", [0, 1, 2])
@pytest.mark.parametrize("size", [(3, 3), (4, 9), (5, 7), (6, 6), (7, 5), (8, 8), (9, 12)])
def test_it_is_the_convolution_at_any_size(size, margin):
    random = np.random.RandomState(sum(size))
    pictures = random.normal(size=(2, *size, 5)).astype(np.float32)
    kernel = random.normal(size=(3, 3, 5, 7)).astype(np.float32)
    seen = fewer(pictures, kernel, margin)
    expected = plain(pictures, kernel, margin)
    assert seen.shape == expected.shape
    np.testing.assert_allclose(seen, expected, atol=5e-5)


def test_one_tap_moves_the_picture():
    pictures = np.arange(2 * 6 * 5, dtype=np.float32).reshape(2, 6, 5, 1)
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    kernel[2, 0] = 1
    moved = np.zeros_like(pictures)
    moved[:, :-1, 1:] = pictures[:, 1:, :-1]
    np.testing.assert_allclose(fewer(pictures, kernel, 1), moved, atol=1e-4)


def test_its_rounding_is_small_for_many_channels():
    random = np.random.RandomState(0)
    pictures = random.normal(size=(1, 12, 12, 256)).astype(np.float32)
    kernel = (random.normal(size=(3, 3, 256, 64)) / 48).astype(np.float32)
    error = fewer(pictures, kernel, 1) - plain(pictures, kernel, 1)
    assert np.std(error) < 5e-6  # of outputs of standard deviation 1


def test_half_of_the_products_are_left():
    kernel = np.ones((3, 3, 8, 8), np.float32)
    # Four rows of outputs have 4 * 3 rows of taps.
    assert winograd.transformed(kernel).shape == (6, 1, 3, 8, 8)
