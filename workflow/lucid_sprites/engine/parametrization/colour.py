"""ImageNet's decorrelated colour space (lucid.optvis.param.color)."""

import numpy as np
import tensorflow.compat.v1 as tf

# Square root of ImageNet's colour correlations and its scale.
CORRELATION_SQRT = np.array(
    [[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32
)
CORRELATION_SQRT /= np.linalg.norm(CORRELATION_SQRT, axis=0).max()


def decorrelated(pictures: tf.Tensor) -> tf.Tensor:
    """From the decorrelated colour space to logits of RGB; an opacity stays as it is."""
    channels = pictures.shape[-1]
    flat = tf.matmul(tf.reshape(pictures, [-1, channels]), _to_logits(channels))
    return tf.reshape(flat, pictures.shape)


def decorrelated_planes(planes: tf.Tensor) -> tf.Tensor:
    """The same from [batch, channels, height, width] to [batch, height, width, channels].

    One product does both, in less time than a transposition and a product.
    """
    batch, channels, height, width = planes.shape.as_list()
    flat = tf.reshape(planes, [batch, channels, height * width])
    pixels = tf.matmul(flat, _to_logits(channels)[None], transpose_a=True)
    return tf.reshape(pixels, [batch, height, width, channels])


def correlated(picture: np.ndarray) -> np.ndarray:
    """The way back for one picture [..., 3 or 4]."""
    colours = picture[..., :3] @ np.linalg.inv(CORRELATION_SQRT.T.astype(float))
    return np.concatenate([colours, picture[..., 3:]], axis=-1)


def _to_logits(channels: int) -> np.ndarray:
    """[channels, channels], for rows of colours and perhaps an opacity."""
    matrix = np.eye(channels, dtype=np.float32)
    matrix[:3, :3] = CORRELATION_SQRT.T
    return matrix
