"""What is optimized, and the picture it stands for (after lucid.optvis.param)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf

# Square root of ImageNet's colour correlations and its scale (lucid.optvis.param.color).
_COLOR_CORRELATION_SQRT = np.array(
    [[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32
)
_COLOR_CORRELATION_SQRT /= np.linalg.norm(_COLOR_CORRELATION_SQRT, axis=0).max()
# Standard deviation of the start, and lucid's damping of the Fourier picture.
_START_DEVIATION = 0.01
_FOURIER_DAMPING = 0.25


@dataclass(frozen=True)
class Parametrization:
    """A parametrization of square pictures of one size.

    Attributes:
        shape: of one sprite's parameters.
        picture: from parameters [batch, *shape] to pictures [batch, edge, edge, channels], 0..1.
    """

    shape: tuple[int, ...]
    picture: Callable[[tf.Tensor], tf.Tensor]

    def start(self, noise: np.ndarray) -> np.ndarray:
        """Parameters to begin with, from standard normal noise of `shape`."""
        return noise * np.float32(_START_DEVIATION)


def parametrization(kind: str, edge: int, channels: int, decorrelate: bool) -> Parametrization:
    """The parametrization called `kind`: `fft` or `pixel`.

    Args:
        edge: of the picture in pixels.
        channels: 3 for colour; any other number is optimized without a colour space.
        decorrelate: optimize colours in ImageNet's decorrelated space.
    """
    to_logits = _decorrelated if decorrelate and channels == 3 else tf.identity
    if kind == "fft":
        shape = (channels, edge, edge // 2 + 1, 2)
        return Parametrization(shape, lambda t: tf.sigmoid(to_logits(_fourier_picture(t, edge))))
    return Parametrization((edge, edge, channels), lambda t: tf.sigmoid(to_logits(t)))


def _decorrelated(pictures: tf.Tensor) -> tf.Tensor:
    """lucid.optvis.param.color: from the decorrelated colour space to logits of RGB."""
    flat = tf.matmul(tf.reshape(pictures, [-1, 3]), _COLOR_CORRELATION_SQRT.T)
    return tf.reshape(flat, pictures.shape)


def _fourier_picture(spectrum: tf.Tensor, edge: int) -> tf.Tensor:
    """lucid.optvis.param.spatial.fft_image: equal energy at all scales of the picture.

    Args:
        spectrum: [batch, channels, edge, edge // 2 + 1, 2], real and imaginary parts.

    Returns:
        [batch, edge, edge, channels], unbounded.
    """
    amplitudes = _in_pairs(_amplitudes(edge))
    # A real picture's spectrum holds each inner column once for two; the adjoint counts it twice.
    columns = np.full(edge // 2 + 1, 2.0)
    columns[0] = 1.0
    if edge % 2 == 0:
        columns[-1] = 1.0
    adjoint = _in_pairs(_amplitudes(edge) * columns / edge**2)

    @tf.custom_gradient
    def transformed(spectrum: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            return tf.bitcast(tf.signal.rfft2d(upstream), tf.float32) * adjoint

        scaled = tf.bitcast(spectrum * amplitudes, tf.complex64)
        return tf.signal.irfft2d(scaled, [edge, edge]), gradient

    return tf.transpose(transformed(spectrum), [0, 2, 3, 1])


def _amplitudes(edge: int) -> np.ndarray:
    """[edge, edge // 2 + 1]: 1 / frequency, in a unitary transform, damped."""
    vertical = np.fft.fftfreq(edge)[:, None]
    horizontal = np.fft.rfftfreq(edge)[None, :]
    frequency = np.maximum(np.hypot(vertical, horizontal), 1.0 / edge)
    return edge / frequency * _FOURIER_DAMPING


def _in_pairs(factors: np.ndarray) -> np.ndarray:
    """float32 [..., 2]: a factor for each real and imaginary part.

    Written out, because TensorFlow multiplies arrays slowly along a broadcast last axis.
    """
    return np.repeat(factors[..., None], 2, axis=-1).astype(np.float32)
