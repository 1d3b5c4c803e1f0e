"""Channels last and first again, around what works on pictures."""

import numpy as np
import tensorflow as tf

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def transpose(
    tensor: tf.Tensor, permutation: tuple[int, ...], name: str = "transpose"
) -> tf.Tensor:
    """A tensor with its axes in another order."""
    axes = tf.constant(permutation, tf.int32)
    return tf.raw_ops.Transpose(x=tensor, perm=axes, name=name)


def channels_last(tensor: tf.Tensor) -> tf.Tensor:
    """[pictures, channels, height, width] as [pictures, height, width, channels]."""
    return transpose(tensor, TO_LAST, "channels_last")


def channels_first(tensor: tf.Tensor) -> tf.Tensor:
    """The way back from `channels_last`."""
    return transpose(tensor, TO_FIRST, "channels_first")


def per_channel(value: tf.Tensor | np.ndarray, rank: int) -> tf.Tensor | np.ndarray:
    """Numbers [channels], shaped to meet axis 1 of a tensor of `rank` axes."""
    if isinstance(value, np.ndarray):
        return value.reshape(-1, *[1] * (rank - 2))
    return tf.raw_ops.Reshape(tensor=value, shape=[-1, *[1] * (rank - 2)])
