"""Makes `import lucid` work on TensorFlow 2; import this module before any of lucid's.

lucid 0.3.10 was written for TensorFlow 1: it finds that API under the name `tensorflow` here, with
the two pieces of `tf.contrib` that it uses. A program that imports this module sees the TensorFlow
1 API under `import tensorflow` from then on, so it has no place in a program that uses Keras.
"""

import logging
import sys
import types

import tensorflow.compat.v1 as tf

__all__ = ["tf"]


def _rotate(images: tf.Tensor, angles: tf.Tensor) -> tf.Tensor:
    """tf.contrib.image.rotate: counterclockwise, in radians, about the centre, nearest pixel."""
    height, width = [tf.cast(size, tf.float32) for size in tf.unstack(tf.shape(images)[1:3])]
    angles = tf.reshape(tf.cast(angles, tf.float32), [-1])
    cos, sin = tf.cos(angles), tf.sin(angles)
    x_offset = ((width - 1) - (cos * (width - 1) - sin * (height - 1))) / 2
    y_offset = ((height - 1) - (sin * (width - 1) + cos * (height - 1))) / 2
    zeros = tf.zeros_like(angles)
    rows = [cos, -sin, x_offset, sin, cos, y_offset, zeros, zeros]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack(rows, axis=1),
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="NEAREST",
        fill_mode="CONSTANT",
    )


def _install() -> None:
    contrib = types.ModuleType("tensorflow.contrib")
    image = types.SimpleNamespace(rotate=_rotate)
    # lucid.optvis.param.cppn imports slim when it is loaded and uses it only when it is called.
    slim = types.ModuleType("tensorflow.contrib.slim")
    vars(contrib).update(image=image, slim=slim)
    tf.contrib = contrib
    sys.modules["tensorflow"] = tf
    sys.modules["tensorflow.contrib"] = contrib
    sys.modules["tensorflow.contrib.slim"] = slim
    sys.modules["tensorflow.gfile"] = tf.gfile
    sys.modules["tensorflow.io.gfile"] = tf.io.gfile
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # what it calls is deprecated
    tf.disable_v2_behavior()


_install()
