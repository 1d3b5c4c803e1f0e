"""The gradient of a convolution of stride 1, for its input.

It is a convolution again, with the kernel turned by half and its channels exchanged. TensorFlow
arranges a constant kernel once for all steps; its own gradient does so at every step, which takes
as long as the sums where pictures have become small.
"""

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.engine import relu_gradients
from lucid_sprites.models.graph import topology

_GRADIENT = "LucidSpritesTurnedConvolution"


def with_turned_gradient(network: GraphDef) -> GraphDef:
    """The same network, whose convolutions of stride 1 have this gradient."""
    return relu_gradients.replaced(network, _GRADIENT, _is_dense)


def turned(weights: tf.Tensor) -> np.ndarray:
    """[height, width, out, in] from a constant [height, width, in, out]."""
    return np.ascontiguousarray(tf.get_static_value(weights)[::-1, ::-1].swapaxes(2, 3))


def _is_dense(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    """Whether the kernel is constant and meets every pixel."""
    return (
        node.op == "Conv2D"
        and node.attr["data_format"].s in (b"", b"NHWC")
        and nodes[topology.node_name(node.input[1])].op == "Const"
        and set(node.attr["strides"].list.i) | set(node.attr["dilations"].list.i) == {1}
    )


@tf.RegisterGradient(_GRADIENT)  # type: ignore[untyped-decorator]
def _gradient(op: tf.Operation, upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
    source, weights = op.inputs
    taps = weights.shape.as_list()[:2]
    margins = [
        tuple(taken - 1 - margin for margin in _margins(op, axis, taken))
        for axis, taken in enumerate(taps)
    ]
    if source.shape[-1] != weights.shape[2] or min(map(min, margins)) < 0:
        return _ordinary(op, upstream), None
    kernels = tf.get_collection_ref(f"{op.name}/turned")
    if not kernels:  # shared by both backward passes
        kernels.append(tf.constant(turned(weights)))
    padding = "VALID" if not np.any(margins) else [(0, 0), *margins, (0, 0)]
    gradient = tf.nn.conv2d(upstream, kernels[0], strides=1, padding=padding)
    gradient.set_shape(source.shape)
    return gradient, None


def _margins(op: tf.Operation, axis: int, taps: int) -> tuple[int, int]:
    """Rows or columns that the convolution put before and behind its input."""
    padding = op.get_attr("padding")
    if padding == b"EXPLICIT":
        return tuple(op.get_attr("explicit_paddings")[2 * (axis + 1) :][:2])
    before = (taps - 1) // 2 if padding == b"SAME" else 0
    return before, (taps - 1 - before if padding == b"SAME" else 0)


def _ordinary(op: tf.Operation, upstream: tf.Tensor) -> tf.Tensor:
    """TensorFlow's own, for groups of channels and wide margins."""
    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=tf.shape(op.inputs[0]),
        filter=op.inputs[1],
        out_backprop=upstream,
        strides=op.get_attr("strides"),
        padding=op.get_attr("padding").decode(),
        explicit_paddings=op.get_attr("explicit_paddings"),
    )
