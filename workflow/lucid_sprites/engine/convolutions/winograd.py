"""Convolutions of three rows with half of the products.

Winograd's minimal filtering (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural
Networks"), along the height: four rows of outputs take 6 products of transformed rows and kernels
where the plain sums take 12. Each product is a convolution along the width; the transforms are
sums of a few arrays, which pays where there are channels enough.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

TAPS = 3
# Rows of outputs that are computed together.
_ROWS = 4
# Interpolated at 0, 1, -1, 2, -2 and infinity.
_KERNEL_TRANSFORM = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)


def transformed(kernel: np.ndarray) -> np.ndarray:
    """float32 [6, 1, width, in, out] from [3, width, in, out]."""
    rows = np.tensordot(_KERNEL_TRANSFORM, kernel, axes=(1, 0))
    return rows.astype(np.float32)[:, None]


def convolve(source: tf.Tensor, kernels: Iterable[tf.Tensor], margin: int) -> tf.Tensor:
    """What a convolution of stride 1 gives, up to rounding.

    Args:
        source: [batch, height, width, in]
        kernels: `transformed`.
        margin: rows and columns of zeros on each side of the source; 1 keeps its size.

    Returns:
        [batch, height + 2 * margin - 2, width + 2 * margin - 2, out]
    """
    batch, height, width, channels = _shape(source)
    outputs = height + 2 * margin - TAPS + 1
    tiles = (outputs + _ROWS - 1) // _ROWS
    # A tile more than there is: the last one sees two rows beyond its own.
    behind = _ROWS * (tiles + 1) - margin - height
    padded = tf.pad(source, [(0, 0), (margin, behind), (0, 0), (0, 0)])
    by_row = tf.reshape(padded, [batch, tiles + 1, _ROWS, width, channels])
    rows = [by_row[:, :-1, i] for i in range(_ROWS)] + [by_row[:, 1:, i] for i in range(TAPS - 1)]
    columns = [(0, 0), (0, 0), (margin, margin), (0, 0)]
    products = [
        tf.nn.conv2d(row, kernel, strides=1, padding=columns)
        for row, kernel in zip(_transformed_rows(*rows), kernels, strict=True)
    ]
    together = tf.stack(_outputs(*products), axis=2)
    *_, seen, depth = _shape(together)
    return tf.reshape(together, [batch, tiles * _ROWS, seen, depth])[:, :outputs]


def _transformed_rows(*rows: tf.Tensor) -> list[tf.Tensor]:
    """The six rows under a tile, as the kernels are transformed."""
    a, b, c, d, e, f = rows
    four_a, four_b, four_c, four_d = c - 4 * a, d - 4 * b, e - 4 * c, f - 4 * d
    even, odd = e - c, 2 * (d - b)
    return [
        four_c - four_a,
        four_c + four_b,
        four_c - four_b,
        even + odd,
        even - odd,
        four_d - four_b,
    ]


def _outputs(*products: tf.Tensor) -> list[tf.Tensor]:
    """The four rows of outputs of a tile."""
    a, b, c, d, e, f = products
    near, near_odd, far, far_odd = b + c, b - c, d + e, 2 * (d - e)
    return [a + near + far, near_odd + far_odd, near + 4 * far, near_odd + 4 * far_odd + f]


def _shape(tensor: tf.Tensor) -> list[Any]:
    """Known lengths as numbers, others as tensors."""
    lengths = tf.unstack(tf.shape(tensor))
    return [
        length if known is None else known
        for known, length in zip(tensor.shape.as_list(), lengths, strict=True)
    ]
