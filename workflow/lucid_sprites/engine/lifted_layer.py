"""Layers whose units are raised before they fire.

A unit that is off at every position of the canvas passes no gradient through its nonlinearity. What
comes before it does: raised at the position where it is highest, it fires in the end, if anything
in this picture can make it. A unit that fires at some positions is raised at the others, too.
"""

import tensorflow.compat.v1 as tf

# Of a firing unit's gradient: what comes from before the nonlinearity. Measured on 21 units that
# standard transforms leave at zero: with 1, some units of mostly negative weights are lowered
# again by the positions that do not fire; with 0, few positions fire.
_SHARE = 0.3


def lifted(after: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
    """A layer with gradients for the units that do not fire.

    Args:
        after: [batch, ..., depth].
        before: the same, before its nonlinearity.

    Returns:
        [batch, ..., depth]: `after`, but for units of a picture that fire nowhere: these have, at
        all positions, the highest value before the nonlinearity.
    """
    positions = list(range(1, after.shape.rank - 1))
    silent = tf.reduce_max(after, axis=positions, keepdims=True) <= 0
    highest = tf.reduce_max(before, axis=positions, keepdims=True)
    passing = after + _SHARE * (before - tf.stop_gradient(before))
    return tf.where_v2(silent, highest, passing)
