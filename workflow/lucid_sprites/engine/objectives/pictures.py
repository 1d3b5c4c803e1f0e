"""Objectives of whole layers or of the picture itself, mostly penalties (lucid.optvis.objectives).

Penalties rise with what they measure: give them a negative weight.
"""

from collections.abc import Callable

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.objectives.context import ObjectiveNode, positions


def deepdream(node: ObjectiveNode) -> tf.Tensor:
    """Mean of the squares of a layer (Mordvintsev et al. 2015)."""
    layer = node.layer()
    return tf.reduce_mean(tf.square(layer), positions(layer))


def total_variation(node: ObjectiveNode) -> tf.Tensor:
    """Sum of the differences between neighbours (Mahendran & Vedaldi 2014)."""
    layer = node.layer()
    channels = layer.shape.as_list()[-1]
    # A picture as one row of numbers: TensorFlow cuts and pads slowly along short axes.
    numbers = tf.reshape(layer, [node.scope.batch, -1])
    row = tf.shape(layer)[2] * channels
    down, right = _differences(numbers, row), _differences(numbers, channels)
    in_one_row = tf.range(tf.shape(right)[1]) % row < row - channels
    right *= tf.cast(in_one_row, tf.float32)
    return tf.add_n([tf.reduce_sum(tf.abs(difference), 1) for difference in (down, right)])


def l1(node: ObjectiveNode) -> tf.Tensor:
    """Sum of the distances from a constant."""
    layer = node.layer()
    return tf.reduce_sum(tf.abs(layer - node.number("constant")[:, None, None, None]), [1, 2, 3])


def l2(node: ObjectiveNode) -> tf.Tensor:
    """Euclidean distance from a constant."""
    difference = node.layer() - node.number("constant")[:, None, None, None]
    return tf.sqrt(node["epsilon"] + tf.reduce_sum(tf.square(difference), [1, 2, 3]))


def blur_input_each_step(node: ObjectiveNode) -> tf.Tensor:
    """Half the squared distance from the blurred picture (Nguyen et al. 2015).

    Weighted with -k, a plain gradient step replaces the part k of the picture by its blur.
    """
    return _distance_from_blur(node.picture())


def blur_alpha_each_step(node: ObjectiveNode) -> tf.Tensor:
    """The same for the opacity of the picture."""
    return _distance_from_blur(node.opacity())


def penalize_boundary_complexity(node: ObjectiveNode) -> tf.Tensor:
    """Minus what the picture's border of `w` pixels differs from its blur and from `C`."""
    picture, width = node.picture(), node["w"]
    mask = np.ones([1, *picture.shape.as_list()[1:]], np.float32)
    # As in lucid, whose mask is empty for a width of 0.
    mask[:, width:-width, width:-width] = 0
    difference = tf.square(_blurred(picture, 5) - picture) + 0.8 * tf.square(picture - node["C"])
    return -tf.reduce_sum(difference * mask, [1, 2, 3])


def input_diff(node: ObjectiveNode) -> tf.Tensor:
    """Root of the mean squared difference from a photo."""
    difference = tf.square(node.picture() - node.photo("orig_img"))
    return tf.sqrt(tf.reduce_mean(difference, [1, 2, 3]))


def opacity(node: ObjectiveNode) -> tf.Tensor:
    """Mean opacity of a transparent sprite."""
    return tf.reduce_mean(node.opacity(), [1, 2, 3])


def _differences(numbers: tf.Tensor, apart: int | tf.Tensor) -> tf.Tensor:
    """Each number's successor `apart` places on, minus itself; joined and not padded backwards."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def differences(numbers: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            none = tf.zeros_like(numbers[:, :apart])
            return tf.concat([none, upstream], 1) - tf.concat([upstream, none], 1)

        return numbers[:, apart:] - numbers[:, :-apart], gradient

    return differences(numbers)


def _distance_from_blur(picture: tf.Tensor) -> tf.Tensor:
    blurred = tf.stop_gradient(_blurred(picture, 3))
    return 0.5 * tf.reduce_sum(tf.square(picture - blurred), [1, 2, 3])


def _blurred(picture: tf.Tensor, width: int) -> tf.Tensor:
    """lucid's blur: a box whose rim counts half, normalized at the edges of the picture."""
    box = np.full([width, width], 0.5, np.float32)
    box[1:-1, 1:-1] = 1.0
    kernel = np.tile(box[:, :, None, None], [1, 1, picture.shape[-1], 1])

    def smooth(pictures: tf.Tensor) -> tf.Tensor:
        return tf.nn.depthwise_conv2d(pictures, kernel, [1, 1, 1, 1], "SAME")

    return smooth(picture) / smooth(tf.ones_like(picture[:1]))
