"""The weights that make a neuron: the kernel slice of its convolution."""

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import topology

# They keep the channels of what they read in their order.
_SAME_CHANNELS = {
    "Add", "AddV2", "AvgPool", "BiasAdd", "Cast", "Elu", "FusedBatchNorm", "FusedBatchNormV2",
    "FusedBatchNormV3", "HardSwish", "Identity", "IdentityN", "LRN", "LeakyRelu", "MaxPool",
    "Maximum", "Mean", "Minimum", "Mul", "Neg", "Pad", "PadV2", "RealDiv", "Relu", "Relu6", "Selu",
    "Sigmoid", "Softmax", "Softplus", "Sqrt", "Squeeze", "Sub", "Tanh", "Transpose",
}  # fmt: skip
_CONCATENATIONS = {"Concat", "ConcatV2"}


def kernels(graph: GraphDef, layer: str) -> list[np.ndarray] | None:
    """The weights of each channel of a layer, as vectors; None where no one kernel makes them.

    Looks behind biases, batch norms, activations and pools for the convolution that the layer's
    channels come from. The channels of a concatenation come from several. A sum of several
    convolutions has no kernel of its own.

    Args:
        graph: frozen.
        layer: name of a node.
    """
    nodes = topology.by_name(graph)
    sources = _sources(layer, nodes, _dependent(graph), {})
    if sources is None:
        return None
    return [channel for source in sources for channel in _channels(nodes[source], nodes)]


def _dependent(graph: GraphDef) -> set[str]:
    """Names of the nodes that depend on an input."""
    inputs = [node.name for node in graph.node if node.op.startswith("Placeholder")]
    return set().union(*(topology.descendants(graph, name) for name in inputs))


def _sources(
    name: str, nodes: dict[str, NodeDef], dependent: set[str], found: dict[str, list[str] | None]
) -> list[str] | None:
    """Names of the convolutions whose channels, one behind the other, those of a node are."""
    if name in found:
        return found[name]
    found[name] = None  # of a node that leads back to itself
    node = nodes[name]
    inputs = [parent for parent in topology.parents(node) if parent in dependent]
    if _weights(node, nodes) is not None:
        found[name] = [name]
    elif node.op in _CONCATENATIONS or node.op in _SAME_CHANNELS:
        parts = [_sources(parent, nodes, dependent, found) for parent in inputs]
        found[name] = _joined(node, parts)
    return found[name]


def _joined(node: NodeDef, parts: list[list[str] | None]) -> list[str] | None:
    """The sources of a node from those of its inputs."""
    if not parts or None in parts:
        return None
    if node.op in _CONCATENATIONS:
        return [source for part in parts for source in part]
    return parts[0] if all(part == parts[0] for part in parts) else None


def _channels(node: NodeDef, nodes: dict[str, NodeDef]) -> list[np.ndarray]:
    weights = _weights(node, nodes)
    if node.op == "MatMul" and node.attr["transpose_b"].b:
        weights = weights.T
    depth = weights.shape[-1]
    if node.op == "DepthwiseConv2dNative":
        depth *= weights.shape[-2]
    return list(weights.reshape(-1, depth).T)


def _weights(node: NodeDef, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    if node.op not in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
        return None
    return _constant(node.input[1], nodes)


def _constant(reference: str, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    node = nodes[topology.node_name(reference)]
    while node.op == "Identity":
        node = nodes[topology.node_name(node.input[0])]
    return tf.make_ndarray(node.attr["value"].tensor) if node.op == "Const" else None
