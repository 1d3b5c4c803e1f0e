"""The gradient of a network's first convolution, for the picture.

A strided convolution of a picture's few channels spreads its gradient over pixels so far apart that
TensorFlow takes two to three times as long for it as is needed. The same sums are a dense
convolution that gives all pixels of a square of the stride at once, as channels (the sub-pixel
convolution of Shi et al. 2016).
"""

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.engine import relu_gradients
from lucid_sprites.models.graph import topology

_GRADIENT = "LucidSpritesFirstConvolution"
# Of colour pictures, with an opacity at most.
_FEW_CHANNELS = 4


def with_dense_gradient(network: GraphDef) -> GraphDef:
    """The same network, whose strided convolutions of few channels have the dense gradient."""
    return relu_gradients.replaced(network, _GRADIENT, _is_first)


def _is_first(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    if node.op != "Conv2D" or node.attr["data_format"].s not in (b"", b"NHWC"):
        return False
    kernel = nodes[topology.node_name(node.input[1])]
    strides, dilations = node.attr["strides"].list.i, node.attr["dilations"].list.i
    return (
        kernel.op == "Const"
        and kernel.attr["value"].tensor.tensor_shape.dim[2].size <= _FEW_CHANNELS
        and strides[1] == strides[2] > 1
        and set(dilations) <= {1}
    )


@tf.RegisterGradient(_GRADIENT)  # type: ignore[untyped-decorator]
def _gradient(op: tf.Operation, upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
    """Pixel s q + r - front gets the sum over u of upstream[q - u] kernel[r + s u], stride s."""
    picture, kernel = op.inputs
    stride = op.get_attr("strides")[1]
    taps = -(-int(kernel.shape[0]) // stride), -(-int(kernel.shape[1]) // stride)
    edges = tf.unstack(tf.shape(picture)[1:3])
    seen = tf.unstack(tf.shape(upstream)[1:3])
    fronts = [_front(op, axis, edges[axis], seen[axis]) for axis in (0, 1)]
    # At least as many as outputs: padding may put some of these behind the picture.
    squares = [
        tf.maximum((edge + front + stride - 1) // stride, outputs)
        for edge, front, outputs in zip(edges, fronts, seen, strict=True)
    ]
    margins = [(t - 1, count - s) for t, count, s in zip(taps, squares, seen, strict=True)]
    padded = tf.pad(upstream, [(0, 0), *margins, (0, 0)])
    pixels = tf.nn.conv2d(padded, _by_square(kernel, stride, taps), strides=1, padding="VALID")
    spread = _spread(pixels, stride, squares)
    start = tf.stack([0, *fronts, 0])
    gradient = tf.slice(spread, start, tf.shape(picture))
    gradient.set_shape(picture.shape)
    return gradient, None


def _front(op: tf.Operation, axis: int, edge: tf.Tensor, seen: tf.Tensor) -> tf.Tensor:
    """Rows or columns that the convolution put before the picture."""
    padding = op.get_attr("padding")
    if padding == b"VALID":
        return tf.constant(0)
    if padding == b"EXPLICIT":
        return tf.constant(op.get_attr("explicit_paddings")[2 * (axis + 1)])
    stride, taps = op.get_attr("strides")[axis + 1], int(op.inputs[1].shape[axis])
    return tf.maximum((seen - 1) * stride + taps - edge, 0) // 2


def _spread(pixels: tf.Tensor, stride: int, squares: list[tf.Tensor]) -> tf.Tensor:
    """`tf.nn.depth_to_space`, in half its time."""
    batch, depth = pixels.shape[0], pixels.shape[-1]
    height, width = squares
    rows = tf.reshape(pixels, [batch, height, width, stride, depth // stride])
    by_row = tf.transpose(rows, [0, 1, 3, 2, 4])
    return tf.reshape(by_row, [batch, height * stride, width * stride, depth // stride**2])


def _by_square(kernel: tf.Tensor, stride: int, taps: tuple[int, int]) -> tf.Tensor:
    """[taps, taps, out, stride * stride * in]: from outputs to all pixels of a square."""
    height, width, channels, depth = kernel.shape.as_list()
    whole = tf.pad(
        kernel, [(0, taps[0] * stride - height), (0, taps[1] * stride - width), (0, 0), (0, 0)]
    )
    parts = tf.reshape(whole, [taps[0], stride, taps[1], stride, channels, depth])
    last_first = tf.reverse(parts, axis=[0, 2])
    ordered = tf.transpose(last_first, [0, 2, 5, 1, 3, 4])
    return tf.reshape(ordered, [*taps, depth, stride * stride * channels])
