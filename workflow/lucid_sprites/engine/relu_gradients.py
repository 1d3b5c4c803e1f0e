"""Gradients of ReLUs, redirected in a sprite's first steps.

A ReLU that is off everywhere passes no gradient, and a sprite that starts there never takes off.
So in the first steps, where a sprite's whole gradient through a ReLU would be zero, the gradient
that would switch units on (or pull them out of saturation) is passed instead
(lucid.misc.redirected_relu_grad). Afterwards the ordinary gradient is several times cheaper,
so the two are built as two backward passes over one forward pass.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import topology

# lucid redirects while global_step <= 16, that is in the first 17 steps.
REDIRECTED_STEPS = 17

_OVERRIDES = {"Relu": "LucidSpritesRelu", "Relu6": "LucidSpritesRelu6"}
_redirecting = False


@contextmanager
def redirectable(graph: tf.Graph) -> Iterator[None]:
    """ReLUs that are made inside have gradients that can be redirected."""
    with graph.gradient_override_map(_OVERRIDES):
        yield


def replaced(
    network: GraphDef, gradient: str, of: Callable[[NodeDef, dict[str, NodeDef]], bool]
) -> GraphDef:
    """The same network, in which some nodes have a registered gradient instead of their own.

    Args:
        gradient: its name.
        of: whether a node is one of these; it is given all nodes by name, too.
    """
    nodes = topology.by_name(network)
    marked = GraphDef()
    marked.CopyFrom(network)
    for node in marked.node:
        if of(node, nodes):
            node.attr["_gradient_op_type"].s = gradient.encode()
    return marked


def compute_gradient(loss: tf.Tensor, pictures: tf.Tensor, redirected: bool) -> tf.Tensor:
    """Gradient of `loss` (to be lowered) for `pictures`, zero where there is none."""
    global _redirecting
    _redirecting = redirected
    try:
        (gradient,) = tf.gradients(loss, [pictures])
    finally:
        _redirecting = False
    return tf.zeros_like(pictures) if gradient is None else gradient


@tf.RegisterGradient(_OVERRIDES["Relu"])  # type: ignore[untyped-decorator]
def _relu(op: tf.Operation, upstream: tf.Tensor) -> tf.Tensor:
    ordinary = tf.raw_ops.ReluGrad(gradients=upstream, features=op.outputs[0])
    if not _redirecting:
        return ordinary
    pushes_off = (op.inputs[0] < 0) & (upstream > 0)
    return _where_blocked(ordinary, pushes_off, upstream)


@tf.RegisterGradient(_OVERRIDES["Relu6"])  # type: ignore[untyped-decorator]
def _relu6(op: tf.Operation, upstream: tf.Tensor) -> tf.Tensor:
    ordinary = tf.raw_ops.Relu6Grad(gradients=upstream, features=op.outputs[0])
    if not _redirecting:
        return ordinary
    before = op.inputs[0]
    pushes_off = ((before < 0) & (upstream > 0)) | ((before > 6) & (upstream < 0))
    return _where_blocked(ordinary, pushes_off, upstream)


def _where_blocked(ordinary: tf.Tensor, pushes_off: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    """Per sprite: the ordinary gradient if any of it is left, else all that does not push off."""
    axes = tf.range(1, tf.rank(ordinary))
    passes = tf.reduce_any(tf.not_equal(ordinary, 0.0), axis=axes, keepdims=True)
    redirected = tf.where_v2(pushes_off, tf.zeros_like(upstream), upstream)
    return tf.where_v2(passes, ordinary, redirected)
