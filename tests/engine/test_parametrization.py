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


def raw(made, values):
    """Unbounded pictures, before colours and sigmoid."""
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(made.form.pixels(tf.constant(values)))


@pytest.mark.parametrize("size", [(8, 13), (9, 6)])
def test_fft_pictures_need_not_be_square(size):
    height, width = size
    made = parametrization("fft", size, 3, decorrelate=False)
    values = parameters(made.shape, size=0.3)
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.maximum(np.hypot(x, y), 1 / max(size))
    spectrum = (values[..., 0] + 1j * values[..., 1]) * np.sqrt(height * width) / frequency
    expected = np.fft.irfft2(spectrum, size).transpose(0, 2, 3, 1) / 4
    np.testing.assert_allclose(raw(made, values), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(16, 16), (9, 14)])
def test_maco_moves_phases_and_keeps_magnitudes(size):
    made = parametrization("maco", size, 3, decorrelate=False)
    assert made.shape == (3, size[0], size[1] // 2 + 1)
    start = made.start(parameters(made.shape))
    found = raw(made, start)
    np.testing.assert_allclose(found.std(axis=(1, 2)), 1, atol=0.15)
    spectrum = np.fft.rfft2(found.transpose(0, 3, 1, 2))
    y, x = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]
    frequency = np.maximum(np.hypot(x, y), 1 / max(size))
    # The outer columns of a real picture's spectrum are not free.
    inner = np.s_[..., 1 : (size[1] - 1) // 2 + 1]
    flat = (abs(spectrum) * frequency)[inner]
    np.testing.assert_allclose(flat, flat.mean(), rtol=1e-4)
    wanted = np.angle(np.exp(1j * start))[inner]
    np.testing.assert_allclose(np.angle(spectrum[inner] * np.exp(-1j * wanted)), 0, atol=1e-3)


def resized(picture, height, width):
    """Bilinear, centres of pixels on centres, edges repeated."""
    for axis, size in ((0, height), (1, width)):
        small = picture.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * small / size - 0.5, 0, small - 1)
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, small - 1)
        share = (place - low).reshape([-1 if a == axis else 1 for a in range(3)])
        picture = picture.take(low, axis) * (1 - share) + picture.take(high, axis) * share
    return picture


def test_laplacian_is_a_sum_of_coarser_pictures():
    made = parametrization("laplacian", (17, 24), 3, decorrelate=False)
    sizes = [(17, 24), (8, 12), (4, 6), (2, 3)]
    assert made.shape == (sum(3 * h * w for h, w in sizes),)
    values = parameters(made.shape)
    for row, found in zip(values, raw(made, values), strict=True):
        expected, start = 0.0, 0
        for h, w in sizes:
            level = row[start : start + 3 * h * w].reshape(h, w, 3)
            expected, start = expected + resized(level, 17, 24), start + 3 * h * w
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_cppn_is_lucids_network():
    made = parametrization("cppn", (5, 7), 3, decorrelate=True)
    assert made.shape == (2 * 24 + 24 + 7 * (48 * 24 + 24) + 48 * 3 + 3,)
    values = parameters(made.shape, size=0.3)
    edge = np.sqrt(3)
    y, x = np.mgrid[-edge:edge:5j, -edge:edge:7j]
    for row, found in zip(values, pictures(made, values), strict=True):
        net, start = np.stack([x, y], -1).reshape(-1, 2), 0
        for inputs, outputs in [(2, 24), *[(48, 24)] * 7, (48, 3)]:
            if start:
                bent = np.arctan(net)
                net = np.concatenate([bent / 0.67, bent**2 / 0.6], -1)
            end = start + inputs * outputs
            net = net @ row[start:end].reshape(inputs, outputs) + row[end : end + outputs]
            start = end + outputs
        np.testing.assert_allclose(found, sigmoid(net).reshape(5, 7, 3), atol=1e-4)


def test_a_cppn_starts_in_one_colour():
    made = parametrization("cppn", 6, 3, decorrelate=True)
    (found,) = pictures(made, made.start(parameters(made.shape, 1)))
    np.testing.assert_allclose(found, np.broadcast_to(found[0, 0], found.shape), atol=1e-6)
    assert 0.3 < found.min() < found.max() < 0.7


@pytest.mark.parametrize("kind", ["fft", "pixel", "laplacian"])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_start_from_a_picture_shows_it(kind, alpha):
    made = parametrization(kind, (10, 12), 3, decorrelate=True, alpha=alpha)
    given = np.random.RandomState(0).uniform(0.05, 0.95, (10, 12, 3))
    start = made.start_from(given, np.zeros(made.shape, np.float32))
    (found,) = pictures(made, start[None])
    np.testing.assert_allclose(found[..., :3], given, atol=2e-4)
    if alpha:
        np.testing.assert_allclose(found[..., 3], 0.9, atol=1e-4)


def test_a_maco_starts_with_the_phases_of_a_picture():
    made = parametrization("maco", 16, 3, decorrelate=False)
    given = np.full((16, 16, 3), 0.2)
    given[4:9, 6:12] = 0.8
    start = made.start_from(given, np.zeros(made.shape, np.float32))
    (found,) = raw(made, start[None])
    likeness = np.corrcoef(found.ravel(), given.ravel())[0, 1]
    assert likeness > 0.7


@pytest.mark.parametrize(("kind", "axis"), [("pixel", 3), ("fft", 1)])
def test_opacity_is_no_colour(kind, axis):
    plain = parametrization(kind, (4, 6), 3, decorrelate=True)
    clear = parametrization(kind, (4, 6), 3, decorrelate=True, alpha=True)
    grey = parametrization(kind, (4, 6), 1, decorrelate=True)
    values = parameters(clear.shape, size=0.3)
    found = pictures(clear, values)
    colours, opacity = np.split(values, [3], axis=axis)
    np.testing.assert_allclose(found[..., :3], pictures(plain, colours), atol=1e-6)
    np.testing.assert_allclose(found[..., 3:], pictures(grey, opacity), atol=1e-6)


def test_two_channels_have_no_colour_space():
    made = parametrization("fft", 8, 2, decorrelate=True)
    values = parameters(made.shape, size=0.3)
    np.testing.assert_allclose(pictures(made, values), sigmoid(fourier_twin(values)), atol=2e-6)


def test_the_shared_part_is_the_mean_of_the_members():
    """Two members of a batch of three: the third is padding."""
    made = parametrization("pixel", 8, 3, False, shared=(4,), group_size=2)
    assert made.shape == (8 * 8 * 3 + 2 * 2 * 3,)
    values = parameters(made.shape, batch=3)
    own, coarse = values[:, :192].reshape(3, 8, 8, 3), values[:, 192:].reshape(3, 2, 2, 3)
    expected = own + resized(coarse[:2].mean(axis=0), 8, 8)
    np.testing.assert_allclose(raw(made, values), expected, atol=1e-5)
