"""Pictures by their Fourier coefficients."""

import math
from collections.abc import Callable
from typing import cast

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.parametrization.image_param import ImageParam

# lucid's damping of the Fourier picture.
_DAMPING = 0.25


def fft(height: int, width: int, channels: int) -> ImageParam:
    """lucid.optvis.param.spatial.fft_image: equal energy at all scales of the picture.

    Parameters [channels, height, width // 2 + 1, 2]: real and imaginary parts.
    """
    amplitudes = _amplitudes(height, width) * _DAMPING
    inverse = _inverse_transform(amplitudes, height, width)

    def parameters(picture: np.ndarray) -> np.ndarray:
        spectrum = np.fft.rfft2(picture.transpose(2, 0, 1)) / amplitudes
        return np.stack([spectrum.real, spectrum.imag], axis=-1)

    shape = (channels, height, width // 2 + 1, 2)
    return ImageParam(shape, inverse, parameters=parameters, planar=True)


def maco(height: int, width: int, channels: int) -> ImageParam:
    """Magnitude-constrained optimization (Fel et al. 2023): only the phases are free.

    Parameters [channels, height, width // 2 + 1]: phases. The magnitudes are those of natural
    photos on the average, 1 / frequency (Field 1987), without a mean, at a contrast of 1.
    """
    magnitudes = _amplitudes(height, width)
    magnitudes[0, 0] = 0
    energy = _twice_inside(width) * magnitudes**2
    magnitudes *= height * width / math.sqrt(energy.sum())
    inverse = _inverse_transform(magnitudes, height, width)

    def raw(phases: tf.Tensor) -> tf.Tensor:
        return inverse(tf.stack([tf.cos(phases), tf.sin(phases)], axis=-1))

    def parameters(picture: np.ndarray) -> np.ndarray:
        return np.angle(np.fft.rfft2(picture.transpose(2, 0, 1)))

    # A normal distribution this wide, wrapped onto the circle, is uniform within 2 %.
    return ImageParam((channels, height, width // 2 + 1), raw, math.pi, parameters, planar=True)


def picture_of(spectrum: np.ndarray, height: int, width: int) -> np.ndarray:
    """The unbounded picture [height, width, channels] of one sprite's `fft` parameters."""
    complex_spectrum = (spectrum[..., 0] + 1j * spectrum[..., 1]) * _amplitudes(height, width)
    picture = np.fft.irfft2(complex_spectrum * _DAMPING, (height, width))
    return picture.transpose(1, 2, 0)


def _inverse_transform(
    factors: np.ndarray, height: int, width: int
) -> Callable[[tf.Tensor], tf.Tensor]:
    """From spectra, times `factors`, to unbounded pictures.

    The spectra are [batch, channels, height, width // 2 + 1, 2], real and imaginary parts, the
    pictures [batch, channels, height, width].
    """
    amplitudes = _in_pairs(factors)
    adjoint = _in_pairs(factors * _twice_inside(width) / (height * width))

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def transformed(spectrum: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            return tf.bitcast(tf.signal.rfft2d(upstream), tf.float32) * adjoint

        scaled = tf.bitcast(spectrum * amplitudes, tf.complex64)
        return tf.signal.irfft2d(scaled, [height, width]), gradient

    return cast(Callable[[tf.Tensor], tf.Tensor], transformed)


def _twice_inside(width: int) -> np.ndarray:
    """[width // 2 + 1]: a real picture's spectrum holds each inner column once for two."""
    columns = np.full(width // 2 + 1, 2.0)
    columns[0] = 1.0
    if width % 2 == 0:
        columns[-1] = 1.0
    return columns


def _amplitudes(height: int, width: int) -> np.ndarray:
    """[height, width // 2 + 1]: 1 / frequency, in a unitary transform."""
    vertical = np.fft.fftfreq(height)[:, None]
    horizontal = np.fft.rfftfreq(width)[None, :]
    frequency = np.maximum(np.hypot(vertical, horizontal), 1.0 / max(height, width))
    amplitudes: np.ndarray = math.sqrt(height * width) / frequency
    return amplitudes


def _in_pairs(factors: np.ndarray) -> np.ndarray:
    """float32 [..., 2]: a factor for each real and imaginary part.

    Written out, because TensorFlow multiplies arrays slowly along a broadcast last axis.
    """
    return np.repeat(factors[..., None], 2, axis=-1).astype(np.float32)
