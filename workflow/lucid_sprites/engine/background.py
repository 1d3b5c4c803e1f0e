"""What a transparent sprite is seen in front of: another noise picture at every step.

Whatever does not matter to the objective becomes transparent, because only there a changing
background does no harm (Mordvintsev et al. 2018, "Differentiable Image Parameterizations";
lucid.optvis.transform.collapse_alpha_random).
"""

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites.engine import random_streams
from lucid_sprites.engine.parametrization import colour, fourier

# lucid's.
_DEVIATION = 0.5


def sample(step: int, shape: tuple[int, int, int]) -> np.ndarray:
    """Noise with the spectrum of natural photos, float32 of `shape` in 0..1, for all sprites.

    Args:
        shape: height, width, channels.
    """
    height, width, channels = shape
    noise = random_streams.background(step, (channels, height, width // 2 + 1, 2)).astype(float)
    picture = fourier.picture_of(_DEVIATION * noise, height, width)
    if channels == 3:
        picture = picture @ colour.CORRELATION_SQRT.T
    bounded: np.ndarray = (1 / (1 + np.exp(-picture))).astype(np.float32)
    return bounded


def behind(pictures: tf.Tensor, background: tf.Tensor) -> tf.Tensor:
    """Pictures with opacity [batch, height, width, channels + 1] in front of one background."""
    opacity = pictures[..., -1:]
    return pictures[..., :-1] * opacity + (1 - opacity) * background
