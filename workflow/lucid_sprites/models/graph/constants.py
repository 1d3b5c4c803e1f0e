"""What in a graph is constant, its values, and nodes that hold values."""

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import cut, pure_operations, topology

VARIABLES = ("VariableV2", "Variable", "VarHandleOp")
"""Operations that stand for a variable."""

# Kinds of NumPy's types: integers with and without signs, floats.
_NUMBERS = "iuf"


def constant_nodes(graph: GraphDef) -> set[str]:
    """Nodes whose outputs have the same values in every run, and are safe to evaluate."""
    constant: set[str] = set()
    for node in topology.topological_order(graph):
        fixed = node.op in pure_operations.FOLDABLE and not cut.is_cut(node)
        if fixed and constant.issuperset(topology.parents(node)):
            constant.add(node.name)
    return constant


def node(name: str, value: np.ndarray | np.generic) -> NodeDef:
    """A Const node."""
    if value.dtype.kind not in _NUMBERS or value.size <= 1:
        made = NodeDef(name=name, op="Const")
        made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        made.attr["dtype"].type = made.attr["value"].tensor.dtype
        return made
    # As TensorFlow does, with one copy of large values less.
    made = empty(name, value.dtype, value.shape)
    made.attr["value"].tensor.tensor_content = value.tobytes()
    return made


def empty(name: str, dtype: np.dtype, shape: tuple[int, ...]) -> NodeDef:
    """A Const node without its value, which is read as zeros."""
    made = NodeDef(name=name, op="Const")
    made.attr["dtype"].type = tf.as_dtype(dtype).as_datatype_enum
    tensor = made.attr["value"].tensor
    tensor.dtype = made.attr["dtype"].type
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    return made


def array(node: NodeDef) -> np.ndarray | None:
    """What a Const node holds; None of any other."""
    return tf.make_ndarray(node.attr["value"].tensor) if node.op == "Const" else None


def shape(reference: str, nodes: dict[str, NodeDef]) -> list[int] | None:
    """Shape of a tensor that `value` gives a value for, without reading that."""
    source = _behind_identities(reference, nodes)
    if source.op != "Const":
        return None
    return [dim.size for dim in source.attr["value"].tensor.tensor_shape.dim]


def value(reference: str, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    """Value of a tensor that is a Const node, or a chain of Identity behind one; else None."""
    return array(_behind_identities(reference, nodes))


def _behind_identities(reference: str, nodes: dict[str, NodeDef]) -> NodeDef:
    source = nodes[topology.node_name(reference)]
    while source.op == "Identity":
        source = nodes[topology.node_name(source.input[0])]
    return source


def without_identities(graph: GraphDef) -> GraphDef:
    """What reads a constant through Identity nodes reads it directly."""
    sources: dict[str, str] = {}
    for node in topology.topological_order(graph):
        if node.op == "Const":
            sources[node.name] = node.name
        elif node.op == "Identity" and topology.node_name(node.input[0]) in sources:
            sources[node.name] = sources[topology.node_name(node.input[0])]
    direct = topology.with_nodes(graph, graph.node)
    for node in direct.node:
        for position, reference in enumerate(node.input):
            if not topology.is_control(reference):
                node.input[position] = sources.get(topology.node_name(reference), reference)
    return direct
