"""How different two sprites look."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lucid_sprites.comparison.states import Sprite

_PATCH = 7
"""Edge of the patches whose statistics stand for the texture, in pixels."""

_STRIDE = 2
"""Between patches; their neighbours say nothing new."""


@dataclass(frozen=True)
class TextureDescriptor:
    """What two sprites are compared by.

    Attributes:
        values: float32 [height, width, 3] in 0..1.
        texture: covariance of its patches, flat and of length 1.
    """

    values: np.ndarray
    texture: np.ndarray


def texture_descriptor(sprite: Sprite) -> TextureDescriptor | None:
    """What a sprite is compared by; None if no picture was found."""
    if not sprite.has_picture:
        return None
    values = sprite.values()
    return TextureDescriptor(values, _texture(values))


def _texture(values: np.ndarray) -> np.ndarray:
    """Which colours go together at which offset of up to 6 pixels, wherever they stand."""
    *size, colours = values.shape
    patch = [min(_PATCH, max(1, edge // 2)) for edge in size]
    windows = sliding_window_view(values, patch, axis=(0, 1))
    patches = windows[::_STRIDE, ::_STRIDE].reshape(-1, colours * patch[0] * patch[1])
    patches = patches - patches.mean(axis=0)
    covariance = (patches.T @ patches).ravel().astype(np.float64)
    normed: np.ndarray = covariance / max(float(np.linalg.norm(covariance)), 1e-12)
    return normed


def image_distance(first: TextureDescriptor | None, second: TextureDescriptor | None) -> float:
    """Root mean squared difference of RGB in 0..1, pixel by pixel.

    NaN where a picture is missing or the sizes differ.
    """
    if first is None or second is None or first.values.shape != second.values.shape:
        return float("nan")
    return float(np.sqrt(np.mean((first.values - second.values) ** 2)))


def texture_distance(first: TextureDescriptor | None, second: TextureDescriptor | None) -> float:
    """1 less the cosine of the angle between the covariances of their patches, 0..1.

    It does not mind where in the picture a pattern stands, which the optimization leaves to
    chance: 0 is the same texture. NaN where a picture is missing, or smaller than a patch beside
    one that is not.
    """
    if first is None or second is None or first.texture.shape != second.texture.shape:
        return float("nan")
    return max(0.0, float(1 - first.texture @ second.texture))
