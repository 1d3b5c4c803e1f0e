"""Variables in a graph, replaced by their values."""

from collections.abc import Mapping

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology
from lucid_sprites.models.graph.large_constants import LARGE_BYTES, Weights

_RESOURCE = tf.resource.as_datatype_enum
# These hand a variable on; then they hand on its value.
_HANDS_ON = ("Identity", "Switch", "Enter", "Exit", "Merge", "NextIteration")
# What reads a variable, and what does the same with its value; the attribute of its type.
_READS = {"ReadVariableOp": ("Identity", "T"), "ResourceGather": ("Gather", "Tparams"),
          "ResourceGatherNd": ("GatherNd", "Tparams"), "VariableShape": ("Shape", "T")}  # fmt: skip


def freeze(graph: GraphDef, values: Mapping[str, np.ndarray]) -> tuple[GraphDef, Weights]:
    """The graph with constants for variables, and reads of variables as reads of constants.

    Args:
        graph: without function calls.
        values: of variables, by the name of the node that stands for one.

    Returns:
        the graph, and its large constants apart.
    """
    types = {name: tf.as_dtype(value.dtype).as_datatype_enum for name, value in values.items()}
    others = {
        node.name: _of_value(node, types)
        for node in topology.topological_order(graph)
        if node.name not in values
    }
    large = {name: value for name, value in values.items() if value.nbytes > LARGE_BYTES}
    small = {name: constants.node(name, values[name]) for name in values.keys() - large.keys()}
    empty = {name: constants.empty(name, value.dtype, value.shape) for name, value in large.items()}
    nodes = others | small | empty
    return topology.with_nodes(graph, (nodes[node.name] for node in graph.node)), large


def _of_value(node: NodeDef, types: dict[str, int]) -> NodeDef:
    """`node` on the value of the variable that it reads, if it does; `types` may grow."""
    inputs = topology.data_inputs(node)
    kind = types.get(topology.node_name(inputs[0])) if inputs else None
    if kind is None or not (node.op in _READS or _hands_on_resource(node)):
        return node
    changed = NodeDef()
    changed.CopyFrom(node)
    if node.op in _READS:
        changed.op, attribute = _READS[node.op]
        for key in ("dtype", "batch_dims"):
            changed.attr.pop(key, None)
    else:
        attribute = "T"
        types[node.name] = kind
    changed.attr[attribute].type = kind
    return changed


def _hands_on_resource(node: NodeDef) -> bool:
    return node.op in _HANDS_ON and node.attr["T"].type == _RESOURCE
