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
    if pictures.shape[-1] == 4:
        return tf.concat([decorrelated(pictures[..., :3]), pictures[..., 3:]], axis=-1)
    flat = tf.matmul(tf.reshape(pictures, [-1, 3]), CORRELATION_SQRT.T)
    return tf.reshape(flat, pictures.shape)


def correlated(picture: np.ndarray) -> np.ndarray:
    """The way back for one picture [..., 3 or 4]."""
    colours = picture[..., :3] @ np.linalg.inv(CORRELATION_SQRT.T.astype(float))
    return np.concatenate([colours, picture[..., 3:]], axis=-1)
