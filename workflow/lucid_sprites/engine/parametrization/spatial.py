"""Pictures by their pixels, at one or several resolutions."""

import math
from itertools import accumulate

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.parametrization.image_param import START_DEVIATION, ImageParam

# lucid's number of levels: each half as large as the one before.
_LEVELS = 4


def pixel(height: int, width: int, channels: int) -> ImageParam:
    """lucid.optvis.param.spatial.pixel_image: the pixels themselves."""
    return ImageParam((height, width, channels), tf.identity, parameters=lambda picture: picture)


def laplacian(height: int, width: int, channels: int) -> ImageParam:
    """lucid.optvis.param.spatial.laplacian_pyramid_image: a sum of ever coarser pictures.

    Parameters: all levels in one row, the finest first.
    """
    sizes = _coarser(height, width, [2**level for level in range(_LEVELS)])
    shapes = [(h, w, channels) for h, w in sizes]

    def raw(parameters: tf.Tensor) -> tf.Tensor:
        levels = _split(parameters, shapes)
        return tf.add_n([levels[0], *(_enlarged(level, height, width) for level in levels[1:])])

    def parameters(picture: np.ndarray) -> np.ndarray:
        coarse = np.zeros(sum(map(math.prod, shapes[1:])))
        return np.concatenate([picture.ravel(), coarse])

    return ImageParam((sum(map(math.prod, shapes)),), raw, parameters=parameters)


def with_shared(
    form: ImageParam,
    height: int,
    width: int,
    channels: int,
    divisors: tuple[int, ...],
    group_size: int,
) -> ImageParam:
    """`form` and coarse pictures that all members of a joint group share.

    Pictures whose coarse part is the same are aligned with each other (Mordvintsev et al. 2018,
    "Differentiable Image Parameterizations"). Every sprite carries a copy, and the mean of the
    copies is what is shared: so a sprite's state has no part outside of it.
    """
    shapes = [(h, w, channels) for h, w in _coarser(height, width, list(divisors))]
    length = math.prod(form.shape)

    def raw(parameters: tf.Tensor) -> tf.Tensor:
        batch = parameters.shape[0]
        picture = form.pixels(tf.reshape(parameters[:, :length], [batch, *form.shape]))
        common = tf.reduce_mean(parameters[:group_size, length:], axis=0, keepdims=True)
        shared = tf.add_n([_enlarged(level, height, width) for level in _split(common, shapes)])
        # What fills the batch behind the members must not pull at their common part.
        is_member = tf.reshape(tf.range(batch) < group_size, [batch, 1, 1, 1])
        return picture + tf.where_v2(is_member, shared, tf.stop_gradient(shared))

    deviation = np.concatenate(
        [
            np.broadcast_to(form.deviation, form.shape).ravel(),
            np.full(sum(map(math.prod, shapes)), START_DEVIATION),
        ]
    )
    return ImageParam((len(deviation),), raw, deviation, None, form.colours)


def _coarser(height: int, width: int, divisors: list[int]) -> list[tuple[int, int]]:
    return [(max(1, height // divisor), max(1, width // divisor)) for divisor in divisors]


def _split(parameters: tf.Tensor, shapes: list[tuple[int, int, int]]) -> list[tf.Tensor]:
    """The pictures that lie one behind the other in the rows of `parameters`."""
    batch = parameters.shape[0]
    ends = list(accumulate(map(math.prod, shapes)))
    starts = [0, *ends[:-1]]
    return [
        tf.reshape(parameters[:, start:end], [batch, *shape])
        for start, end, shape in zip(starts, ends, shapes, strict=True)
    ]


def _enlarged(pictures: tf.Tensor, height: int, width: int) -> tf.Tensor:
    return tf.image.resize_bilinear(pictures, [height, width], half_pixel_centers=True)
