"""The optimizers: one update of a batch of sprites that lowers what the gradient is of.

Each takes the three variables [batch, ...] that a sprite's state consists of (parameters,
momentum, velocity; see `engine.state`), works on each sprite by itself, and leaves in the momentum
something that is not zero once a sprite has had a gradient.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow.compat.v1 as tf

BETA1, BETA2 = 0.9, 0.999
_ADAM_EPSILON = 1e-8
_RMS_DECAY = 0.9
# Far below any gradient that moves a picture, far above the smallest float32.
_TINY = 1e-30


class Powers(NamedTuple):
    """`BETA1` and `BETA2` to the power of the number of the update, from 1: scalar tensors."""

    beta1: tf.Tensor
    beta2: tf.Tensor


Optimizer = Callable[[list[tf.Variable], tf.Tensor, float, Powers], tf.Operation]


def adam(
    variables: list[tf.Variable], gradient: tf.Tensor, rate: float, powers: Powers
) -> tf.Operation:
    """Adam (Kingma & Ba 2015), as TensorFlow and lucid do it."""
    values, momentum, velocity = variables
    return tf.raw_ops.ResourceApplyAdam(
        var=values.handle,
        m=momentum.handle,
        v=velocity.handle,
        beta1_power=powers.beta1,
        beta2_power=powers.beta2,
        lr=tf.constant(rate, tf.float32),
        beta1=tf.constant(BETA1, tf.float32),
        beta2=tf.constant(BETA2, tf.float32),
        epsilon=tf.constant(_ADAM_EPSILON, tf.float32),
        grad=gradient,
    )


def sgd(variables: list[tf.Variable], gradient: tf.Tensor, rate: float, _: Powers) -> tf.Operation:
    """The naive gradient step: rate times the gradient."""
    return _step(variables, gradient, rate * gradient)


def rmsprop(
    variables: list[tf.Variable], gradient: tf.Tensor, rate: float, _: Powers
) -> tf.Operation:
    """RMSprop (Hinton 2012): each parameter's gradient over the root of its running mean square."""
    velocity = variables[2]
    mean_square = _RMS_DECAY * velocity + (1 - _RMS_DECAY) * tf.square(gradient)
    step = rate * gradient / (tf.sqrt(mean_square) + _ADAM_EPSILON)
    with tf.control_dependencies([step]):
        kept = velocity.assign(mean_square).op
    return tf.group(_step(variables, gradient, step), kept)


def normalized(
    variables: list[tf.Variable], gradient: tf.Tensor, rate: float, _: Powers
) -> tf.Operation:
    """The gradient over its own root mean square, so that every update has the size `rate`."""
    axes = list(range(1, gradient.shape.rank))
    # Scaled before it is squared: gradients are small, and their squares leave float32.
    largest = tf.reduce_max(tf.abs(gradient), axes, keepdims=True) + _TINY
    scaled = gradient / largest
    size = tf.sqrt(tf.reduce_mean(tf.square(scaled), axes, keepdims=True)) + _TINY
    return _step(variables, gradient, rate * scaled / size)


def _step(variables: list[tf.Variable], gradient: tf.Tensor, step: tf.Tensor) -> tf.Operation:
    values, momentum, _ = variables
    largest_so_far = tf.maximum(momentum.value(), tf.abs(gradient))
    with tf.control_dependencies([largest_so_far, step]):
        return tf.group(values.assign_sub(step).op, momentum.assign(largest_so_far).op)


OPTIMIZERS: dict[str, Optimizer] = {
    "adam": adam,
    "sgd": sgd,
    "rmsprop": rmsprop,
    "normalized": normalized,
}
