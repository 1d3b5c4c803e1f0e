"""Objectives that compare a layer with a vector or a tensor (lucid.optvis.objectives)."""

import tensorflow.compat.v1 as tf

from lucid_sprites.engine.objectives.context import ObjectiveNode
from lucid_sprites.engine.objectives.units import at_position

# lucid's, in objectives_util and in the recipe of caricatures.
_EPSILON, _CARICATURE_EPSILON = 1e-4, 1e-6
_LEAST_SIMILARITY = 0.1


def direction(node: ObjectiveNode) -> tf.Tensor:
    """Mean over positions of the dot product with a vector."""
    layer = node.layer()
    vector = node.vector("vec", layer.shape[-1])
    return _mean_dot(layer, vector[:, None, None, :], node["cossim_pow"])


def direction_neuron(node: ObjectiveNode) -> tf.Tensor:
    """The dot product with a vector at one position; row x, column y."""
    layer = at_position(node)[:, None, None, :]
    vector = node.vector("vec", layer.shape[-1])
    return _mean_dot(layer, vector[:, None, None, :], node["cossim_pow"])


def tensor_direction(node: ObjectiveNode) -> tf.Tensor:
    """Mean over positions of the dot product with a tensor in the middle of the layer."""
    layer = node.layer()
    tensor = node.tensor("vec", layer.shape[-1])
    height, width = [tf.shape(tensor)[axis] for axis in (1, 2)]
    top, left = [(tf.shape(layer)[axis] - tf.shape(tensor)[axis]) // 2 for axis in (1, 2)]
    middle = layer[:, top : top + height, left : left + width]
    return _mean_dot(middle, tensor, node["cossim_pow"])


def caricature(node: ObjectiveNode) -> tf.Tensor:
    """The dot product with the layer of a photo under the same transforms (lucid.recipes)."""
    layer = node.layer()
    photo = tf.stop_gradient(node.scope.reference(node.photo("orig_img"), node["layer"]))
    axes = [1, 2, 3]
    dot = tf.reduce_sum(photo * layer, axes)
    if not node["cossim_pow"]:
        return dot
    size = tf.sqrt(tf.reduce_sum(tf.square(layer), axes))
    similarity = tf.maximum(_LEAST_SIMILARITY, dot / (_CARICATURE_EPSILON + size))
    return dot * similarity ** node["cossim_pow"]


def _mean_dot(layer: tf.Tensor, vector: tf.Tensor, power: float) -> tf.Tensor:
    """lucid's _dot_cossim for each sprite: dot * max(0.1, cosine) ** power, averaged."""
    dot = tf.reduce_sum(layer * vector, -1)
    if not power:
        return tf.reduce_mean(dot, [1, 2])
    lengths = [tf.sqrt(tf.reduce_sum(tf.square(side), -1)) for side in (layer, vector)]
    cosine = dot / (_EPSILON + lengths[0]) / (_EPSILON + lengths[1])
    return tf.reduce_mean(dot * tf.maximum(_LEAST_SIMILARITY, cosine) ** power, [1, 2])
