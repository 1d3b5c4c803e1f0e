"""Objectives of single channels and positions of a layer (lucid.optvis.objectives)."""

import tensorflow.compat.v1 as tf

from lucid_sprites.engine.objectives.context import ObjectiveNode

BEYOND_LAYER = "beyond the layer"
"""What TensorFlow says when a group's position is not in its layer."""


def channel(node: ObjectiveNode) -> tf.Tensor:
    """Mean of a channel over the layer."""
    return channel_means(node.layer(), node.whole("n_channel"))


def class_logit(node: ObjectiveNode) -> tf.Tensor:
    """A class's value in a flat layer; over a layer with positions, their sum."""
    sums = tf.reduce_sum(node.layer(), axis=[1, 2])
    return tf.gather(sums, node.whole("label"), batch_dims=1)


def neuron(node: ObjectiveNode) -> tf.Tensor:
    """A channel at one position; row x and column y, each the middle unless given."""
    return tf.gather(at_position(node), node.whole("n_channel"), batch_dims=1)


def localized_group(node: ObjectiveNode) -> tf.Tensor:
    """Mean over a rectangle of positions of the sum of a group of channels."""
    layer, (x, y) = node.layer(), (node["x"], node["y"])
    # A part without positions has no mean, only NaN.
    inside = tf.assert_less([x, y], tf.shape(layer)[1:3], message=BEYOND_LAYER)
    with tf.control_dependencies([inside]):
        layer = tf.identity(layer)
    part = layer[:, x : x + node["height"], y : y + node["width"]]
    return tf.reduce_mean(tf.reduce_sum(tf.gather(part, node["channels"], axis=-1), -1), [1, 2])


def channel_means(layer: tf.Tensor, channels: tf.Tensor) -> tf.Tensor:
    """[batch] means of one channel for each sprite."""
    means = tf.reduce_mean(layer, axis=list(range(1, layer.shape.rank - 1)))
    return tf.gather(means, channels, batch_dims=1)


def at_position(node: ObjectiveNode) -> tf.Tensor:
    """[batch, depth] at the node's row x and column y."""
    layer = node.layer()
    size = tf.shape(layer)
    rows, columns = [
        tf.fill([node.scope.batch], size[axis] // 2) if node[name] is None else node.whole(name)
        for axis, name in ((1, "x"), (2, "y"))
    ]
    return tf.gather_nd(layer, tf.stack([tf.range(node.scope.batch), rows, columns], axis=1))
