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
    sources = _sources(graph).get(layer)
    if sources is None:
        return None
    return [channel for source in sources for channel in _channels(nodes[source], nodes)]


def _dependent(graph: GraphDef) -> set[str]:
    """Names of the nodes that depend on an input."""
    inputs = [node.name for node in graph.node if node.op.startswith("Placeholder")]
    return set().union(*(topology.descendants(graph, name) for name in inputs))


def _sources(graph: GraphDef) -> dict[str, list[str] | None]:
    """By node that depends on an input: names of the convolutions whose channels, one behind the
    other, are its own; None if they are not."""
    nodes, dependent = topology.by_name(graph), _dependent(graph)
    sources: dict[str, list[str] | None] = {}
    for node in topology.topological_order(graph):
        if node.name not in dependent:
            continue
        sources[node.name] = None
        if _kernel(node, nodes) is not None:
            sources[node.name] = [node.name]
        elif node.op in _CONCATENATIONS or node.op in _SAME_CHANNELS:
            inputs = [parent for parent in topology.parents(node) if parent in dependent]
            sources[node.name] = _joined(node, [sources.get(name) for name in inputs])
    return sources


def _joined(node: NodeDef, parts: list[list[str] | None]) -> list[str] | None:
    """The sources of a node from those of its inputs."""
    known = [part for part in parts if part is not None]
    if not parts or len(known) < len(parts):
        return None
    if node.op in _CONCATENATIONS:
        return [source for part in known for source in part]
    return known[0] if all(part == known[0] for part in known) else None


def _channels(node: NodeDef, nodes: dict[str, NodeDef]) -> list[np.ndarray]:
    """The kernel of each channel of a convolution; none of what has no constant kernel."""
    kernel = _kernel(node, nodes)
    if kernel is None:
        return []
    weights = tf.make_ndarray(kernel.attr["value"].tensor)
    if node.op == "MatMul" and node.attr["transpose_b"].b:
        weights = weights.T
    depth = weights.shape[-1]
    if node.op == "DepthwiseConv2dNative":
        depth *= weights.shape[-2]
    return list(weights.reshape(-1, depth).T)


def _kernel(node: NodeDef, nodes: dict[str, NodeDef]) -> NodeDef | None:
    """The constant that a convolution multiplies by; None if it is none, or that is computed."""
    if node.op not in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
        return None
    kernel = nodes[topology.node_name(node.input[1])]
    while kernel.op == "Identity":
        kernel = nodes[topology.node_name(kernel.input[0])]
    return kernel if kernel.op == "Const" else None
