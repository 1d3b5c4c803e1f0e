"""Parametrizations against numpy and lucid's formulas."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.parametrization import parametrization

# lucid.optvis.param.color, copied by hand.
COLOR = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOR_NORM = np.sqrt(0.26**2 + 0.27**2 + 0.27**2)
EDGES = [8, 9, 16, 33]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def frequencies(edge):
    y, x = np.fft.fftfreq(edge)[:, None], np.fft.rfftfreq(edge)[None]
    return np.maximum(np.sqrt(x * x + y * y), 1 / edge)


def fourier_twin(spectrum):
    """lucid's fft_image: [batch, channels, edge, columns, 2] to [batch, edge, edge, channels]."""
    edge = spectrum.shape[2]
    scaled = (spectrum[..., 0] + 1j * spectrum[..., 1]) * edge / frequencies(edge)
    return np.fft.irfft2(scaled, (edge, edge)).transpose(0, 2, 3, 1) / 4


def parameters(shape, batch=2, size=1.0):
    return np.random.RandomState(0).normal(size=(batch, *shape), scale=size).astype(np.float32)


def pictures(made, values):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(made.picture(tf.constant(values)))


def gradient(picture, values, upstream):
    with tf.Graph().as_default(), tf.Session() as session:
        source = tf.constant(values)
        return session.run(tf.gradients(picture(source), source, upstream)[0])


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("channels", [1, 3])
def test_fft_picture_is_the_inverse_transform_of_numpy(edge, channels):
    made = parametrization("fft", edge, channels, decorrelate=False)
    assert made.shape == (channels, edge, edge // 2 + 1, 2)
    values = parameters(made.shape, size=0.3)
    expected = fourier_twin(values)
    assert expected.std() > 0.3  # else the sigmoid would hide what differs
    np.testing.assert_allclose(pictures(made, values), sigmoid(expected), atol=2e-6)


@pytest.mark.parametrize("edge", EDGES)
def test_fft_gradient_is_that_of_tensorflows_own_operations(edge):
    made = parametrization("fft", edge, 3, decorrelate=True)
    values = parameters(made.shape, size=0.3)
    upstream = parameters((edge, edge, 3))

    def plain(spectrum):
        scaled = tf.complex(spectrum[..., 0], spectrum[..., 1]) * (edge / 4 / frequencies(edge))
        flat = tf.transpose(tf.signal.irfft2d(scaled, [edge, edge]), [0, 2, 3, 1])
        color = (COLOR / COLOR_NORM).astype(np.float32)
        return tf.sigmoid(tf.einsum("bhwi,oi->bhwo", flat, color))

    expected = gradient(plain, values, upstream)
    scale = abs(expected).max()
    assert scale > 0.1
    given = gradient(made.picture, values, upstream)
    np.testing.assert_allclose(given, expected, atol=1e-5 * scale)


@pytest.mark.parametrize("edge", [6, 7])
def test_fft_gradient_is_the_slope_of_the_picture(edge):
    """Finite differences of the numpy twin, for every number of the spectrum."""
    made = parametrization("fft", edge, 1, decorrelate=False)
    values = parameters(made.shape, batch=1, size=0.3)
    upstream = parameters((edge, edge, 1), batch=1)
    slopes = np.zeros(values.shape)
    for place in np.ndindex(values.shape):
        for side in (1e-4, -1e-4):
            moved = values.astype(float)
            moved[place] += side
            slopes[place] += (sigmoid(fourier_twin(moved)) * upstream).sum() / (2 * side)
    np.testing.assert_allclose(gradient(made.picture, values, upstream), slopes, atol=1e-5)


@pytest.mark.parametrize("kind", ["fft", "pixel"])
def test_colours_are_mixed_by_the_matrix_of_lucid(kind):
    values = parameters(parametrization(kind, 9, 3, decorrelate=True).shape, size=0.3)
    plain = fourier_twin(values) if kind == "fft" else values
    mixed = plain.astype(float) @ (COLOR / COLOR_NORM).T
    given = pictures(parametrization(kind, 9, 3, decorrelate=True), values)
    np.testing.assert_allclose(given, sigmoid(mixed), atol=2e-6)
    assert abs(sigmoid(mixed) - sigmoid(plain)).max() > 0.05


@pytest.mark.parametrize("channels", [1, 4])
def test_only_three_channels_are_colours(channels):
    made = parametrization("pixel", 5, channels, decorrelate=True)
    values = parameters(made.shape)
    np.testing.assert_allclose(pictures(made, values), sigmoid(values), atol=1e-6)


def test_pixels_are_bounded_one_by_one():
    made = parametrization("pixel", 5, 3, decorrelate=False)
    assert made.shape == (5, 5, 3)
    values = parameters(made.shape, size=4)
    np.testing.assert_allclose(pictures(made, values), sigmoid(values), atol=1e-6)


@pytest.mark.parametrize("kind", ["fft", "pixel"])
def test_the_start_is_a_hundredth_of_the_noise(kind):
    made = parametrization(kind, 8, 3, decorrelate=True)
    noise = parameters(made.shape, batch=1)[0]
    assert made.start(noise).dtype == np.float32
    np.testing.assert_allclose(made.start(noise), noise / 100, rtol=1e-6)
