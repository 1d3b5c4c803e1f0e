"""Large constants, kept apart while a graph is worked on: copies of the rest cost nothing."""

from collections.abc import Mapping

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.tensor_pb2 import TensorProto

from lucid_sprites.models.graph import topology

_LARGE_BYTES = 1 << 16

Weights = Mapping[str, NodeDef]


def strip_large_constants(graph: GraphDef) -> tuple[GraphDef, Weights]:
    """A graph with empty tensors in place of its large constants, and these by name.

    An empty tensor has a type and a shape, and is read as zeros.
    """
    large = {node.name: node for node in graph.node if _is_large(node)}
    light = [_emptied(node) if node.name in large else node for node in graph.node]
    return topology.with_nodes(graph, light), large


def restore_large_constants(graph: GraphDef, weights: Weights) -> GraphDef:
    """The graph with its constants whole again."""
    return topology.with_nodes(graph, [weights.get(node.name, node) for node in graph.node])


def _is_large(node: NodeDef) -> bool:
    return bool(node.op == "Const" and node.ByteSize() > _LARGE_BYTES)


def _emptied(node: NodeDef) -> NodeDef:
    tensor = node.attr["value"].tensor
    emptied = NodeDef(name=node.name, op="Const", input=node.input)
    emptied.attr["dtype"].CopyFrom(node.attr["dtype"])
    emptied.attr["value"].tensor.CopyFrom(
        TensorProto(dtype=tensor.dtype, tensor_shape=tensor.tensor_shape)
    )
    return emptied
