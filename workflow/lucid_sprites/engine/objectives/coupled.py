"""Objectives that compare the sprites of a joint group with each other (lucid.optvis.objectives).

A sprite's value is its share, so that the shares add up to lucid's value for the whole batch. The
padding behind the members counts for nothing.
"""

import tensorflow.compat.v1 as tf

from lucid_sprites.engine.objectives.context import ObjectiveNode

# How far apart neighbours may be that are aligned with each other.
_REACH = 4


def diversity(node: ObjectiveNode) -> tf.Tensor:
    """Cosine similarity of the sprite's Gram matrix to the others' (Olah et al. 2017, appendix).

    It rises with similarity: give it a negative weight to make sprites differ.
    """
    members = node.scope.group_size
    layer = node.layer()[:members]
    channels = layer.shape.as_list()[-1]
    flat = tf.reshape(layer, [members, -1, channels])
    grams = tf.matmul(flat, flat, transpose_a=True)
    grams = tf.nn.l2_normalize(grams, axis=[1, 2], epsilon=1e-10)
    others = tf.reduce_sum(grams, axis=0, keepdims=True) - grams
    return _padded(tf.reduce_sum(grams * others, axis=[1, 2]) / members, node)


def alignment(node: ObjectiveNode) -> tf.Tensor:
    """Minus the squared distances to the sprites up to 4 places away, the farther the weaker."""
    members = node.scope.group_size
    layer = node.layer()[:members]
    shares = tf.zeros([members])
    for distance in range(1, min(_REACH, members - 1) + 1):
        apart = tf.reduce_mean(tf.square(layer[distance:] - layer[:-distance]), [1, 2, 3])
        half = apart / (2 * node["decay_ratio"] ** distance)
        shares += tf.pad(half, [[0, distance]]) + tf.pad(half, [[distance, 0]])
    return _padded(-shares, node)


def _padded(shares: tf.Tensor, node: ObjectiveNode) -> tf.Tensor:
    return tf.pad(shares, [[0, node.scope.batch - node.scope.group_size]])
