"""Large 3 x 3 convolutions of a network, computed with fewer products.

Such a convolution becomes a group of nodes of which the last has its name, and a gradient that is
computed in the same way.
"""

from collections.abc import Collection, Sequence

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.engine.convolutions import stride1_input_gradient, winograd
from lucid_sprites.models.graph import topology
from lucid_sprites.recipe.engine_limits import LARGE_KERNEL_BYTES

_GRADIENT, _MARGIN = "LucidSpritesLargeConvolution", "_lucid_sprites_margin"
# Rows and columns of zeros that a convolution puts on each side.
_MARGINS = {b"SAME": 1, b"VALID": 0}

# Where it was faster than TensorFlow's convolution (docs/measurements.md): the sums of the
# transforms grow with the channels, the products that are saved with their square.
_LEAST_CHANNELS = 40
_LEAST_PRODUCTS = 15e6


def suit(precision: str) -> bool:
    """Whether fewer products are worth it here, and exact enough.

    The transforms would multiply the rounding of bfloat16, and a GPU's own library has them.
    """
    return precision == "float32" and not tf.config.list_physical_devices("GPU")


def with_fewer_products(
    network: GraphDef, input_name: str, canvas: Sequence[int], plain: Collection[str] = ()
) -> GraphDef:
    """The same network, whose large 3 x 3 convolutions and their gradients are computed this way.

    Args:
        canvas: height, width and channels of the pictures, to reckon what pays.
        plain: names of convolutions to be left as they are.
    """
    nodes = topology.by_name(network)
    pixels = _output_pixels(network, input_name, canvas)
    left = LARGE_KERNEL_BYTES
    changed = []
    for node in network.node:
        kernel = None if node.name in plain else _kernel(node, nodes)
        if kernel is None or kernel.nbytes > left or not _pays(kernel, pixels.get(node.name, 0)):
            changed.append(node)
        else:
            left -= kernel.nbytes
            changed += _expanded(node, kernel)
    return topology.with_nodes(network, changed)


def _kernel(node: NodeDef, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    """Of a 3 x 3 convolution that can be computed this way."""
    if node.op != "Conv2D" or node.attr["data_format"].s not in (b"", b"NHWC"):
        return None
    constant = nodes[topology.node_name(node.input[1])]
    shape = [dim.size for dim in constant.attr["value"].tensor.tensor_shape.dim]
    if (
        constant.op != "Const"
        or constant.attr["dtype"].type != tf.float32.as_datatype_enum
        or shape[:2] != [winograd.TAPS, winograd.TAPS]
        or node.attr["padding"].s not in _MARGINS
        or set(node.attr["strides"].list.i) | set(node.attr["dilations"].list.i) != {1}
    ):
        return None
    kernel: np.ndarray = tf.make_ndarray(constant.attr["value"].tensor)
    return kernel


def _pays(kernel: np.ndarray, pixels: int) -> bool:
    """Whether this is faster for a sprite whose convolution has so many output pixels."""
    channels, depth = kernel.shape[2:]
    enough = channels * depth / (channels + depth) >= _LEAST_CHANNELS
    return enough and kernel.size * pixels >= _LEAST_PRODUCTS


def _output_pixels(network: GraphDef, input_name: str, canvas: Sequence[int]) -> dict[str, int]:
    """Height times width of what convolutions of all channels give, where that is known."""
    with tf.Graph().as_default() as graph:
        try:
            tf.import_graph_def(network, {input_name: tf.zeros([1, *canvas])}, name="")
        except ValueError:
            return {}  # the picture does not fit; told where the network is imported for good
    return {
        op.name: op.outputs[0].shape[1] * op.outputs[0].shape[2]
        for op in graph.get_operations()
        if op.type == "Conv2D"
        and op.outputs[0].shape.is_fully_defined()
        and op.inputs[0].shape[-1] == op.inputs[1].shape[2]
    }


def _expanded(node: NodeDef, kernel: np.ndarray) -> list[NodeDef]:
    """Nodes that compute what `node` did, the last under its name and with its own gradient."""
    margin = _MARGINS[node.attr["padding"].s]
    with tf.Graph().as_default() as graph:
        source = tf.placeholder(tf.float32, [None, None, None, kernel.shape[2]], name="source")
        weights = tf.placeholder(tf.float32, kernel.shape, name="weights")
        product = winograd.convolve(source, winograd.transformed(kernel), margin)
        # The gradient finds there what it needs.
        tf.identity_n([product, source, weights], name="whole")
    names = {"source": node.input[0], "weights": node.input[1], "whole": node.name}
    expanded = []
    for inner in graph.as_graph_def().node:
        if inner.op != "Placeholder":
            inner.input[:] = [_renamed(reference, node.name, names) for reference in inner.input]
            inner.name = _renamed(inner.name, node.name, names)
            expanded.append(inner)
    whole = expanded[-1]
    whole.attr["_gradient_op_type"].s = _GRADIENT.encode()
    whole.attr[_MARGIN].i = margin
    return expanded


def _renamed(reference: str, prefix: str, names: dict[str, str]) -> str:
    return names.get(reference, f"{prefix}/winograd/{reference}")


@tf.RegisterGradient(_GRADIENT)  # type: ignore[untyped-decorator]
def _gradient(op: tf.Operation, upstream: tf.Tensor, *_: tf.Tensor) -> tuple[None, tf.Tensor, None]:
    """The same convolution with the kernel turned by half and its channels exchanged."""
    _, source, weights = op.inputs
    kernels = tf.get_collection_ref(f"{op.name}/gradient")
    if not kernels:  # shared by both backward passes
        kernels += map(tf.constant, winograd.transformed(stride1_input_gradient.turned(weights)))
    gradient = winograd.convolve(upstream, kernels, winograd.TAPS - 1 - op.get_attr(_MARGIN))
    gradient.set_shape(source.shape)
    return None, gradient, None
