"""Pyramids and denoising of pictures."""

import numpy as np
from scipy import ndimage

# The binomial kernel of Burt & Adelson 1983, by which a Laplacian pyramid is built.
_KERNEL = np.array([1, 4, 6, 4, 1], np.float32) / 16
_EPSILON = 1e-10


def normalize_over_pyramid(gradient: np.ndarray, levels: int) -> np.ndarray:
    """A gradient whose bands of frequencies are equally strong.

    The gradient is split into a Laplacian pyramid, each level is divided by its root mean square,
    and the levels are joined again; so coarse forms come up as fast as fine ones.

    Args:
        gradient: float [height, width, channels].
        levels: bands that are split off; 0 divides the whole gradient.
    """
    bands, rest = [], gradient.astype(np.float32)
    for _ in range(levels):
        if min(rest.shape[:2]) < len(_KERNEL):
            break
        coarse = _smooth(rest)[::2, ::2]
        bands.append(rest - _expand(coarse, rest.shape))
        rest = coarse
    joined = _normalize(rest)
    for band in reversed(bands):
        joined = _expand(joined, band.shape) + _normalize(band)
    return joined


def denoise_total_variation(image: np.ndarray, weight: float, iterations: int = 50) -> np.ndarray:
    """The image u that minimizes TV(u) + weight / 2 * |u - image|^2.

    Solved by the projection of Chambolle 2004 ("An algorithm for total variation minimization and
    applications"), for all channels together.

    Args:
        image: float [height, width, channels].
        weight: the smaller, the smoother.
    """
    image = image.astype(np.float32)
    dual = np.zeros((2, *image.shape), np.float32)
    step = 0.25  # of the largest for which the projection converges, 1/4 in two dimensions
    for _ in range(iterations):
        slope = _gradient(_divergence(dual) - weight * image)
        strength = np.sqrt((slope**2).sum(axis=(0, -1), keepdims=True))
        dual = (dual + step * slope) / (1 + step * strength)
    return image - _divergence(dual) / weight


def _smooth(image: np.ndarray, gain: float = 1.0) -> np.ndarray:
    down = ndimage.convolve1d(image, _KERNEL * gain, axis=0, mode="mirror")
    across: np.ndarray = ndimage.convolve1d(down, _KERNEL * gain, axis=1, mode="mirror")
    return across


def _expand(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Twice the size: zeros between the pixels, smoothed at twice the gain for each axis."""
    spread = np.zeros(shape, np.float32)
    spread[::2, ::2] = image
    return _smooth(spread, gain=2.0)


def _normalize(band: np.ndarray) -> np.ndarray:
    return band / max(float(np.sqrt(np.mean(np.square(band)))), _EPSILON)


def _gradient(image: np.ndarray) -> np.ndarray:
    """Forward differences down and across, zero at the last edge: [2, height, width, channels]."""
    slope = np.zeros((2, *image.shape), np.float32)
    slope[0, :-1] = np.diff(image, axis=0)
    slope[1, :, :-1] = np.diff(image, axis=1)
    return slope


def _divergence(field: np.ndarray) -> np.ndarray:
    """The negative adjoint of `_gradient`."""
    result = np.zeros(field.shape[1:], np.float32)
    result[:-1] += field[0, :-1]
    result[1:] -= field[0, :-1]
    result[:, :-1] += field[1, :, :-1]
    result[:, 1:] -= field[1, :, :-1]
    return result
