"""Random numbers inside a graph (dropout, noise layers), replaced by constants."""

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.models.graph import constants, topology

# Dropout keeps what it draws a number near 1 for; the largest that float16 holds too.
_KEPT = 1 - 2**-11
# Noise is at its mean.
_VALUES = {
    "RandomUniform": _KEPT,
    "StatelessRandomUniform": _KEPT,
    "StatelessRandomUniformV2": _KEPT,
    "RandomStandardNormal": 0.0,
    "TruncatedNormal": 0.0,
    "StatelessRandomNormal": 0.0,
    "StatelessRandomNormalV2": 0.0,
    "StatelessTruncatedNormal": 0.0,
    "StatelessTruncatedNormalV2": 0.0,
}


def replace(graph: GraphDef) -> tuple[GraphDef, list[str]]:
    """The graph without random numbers, and the names of the nodes that gave them."""
    replaced, added = [], []
    changed = topology.with_nodes(graph, graph.node)
    for node in changed.node:
        if node.op not in _VALUES:
            continue
        dtype = tf.as_dtype(node.attr["dtype"].type)
        number = np.array(_VALUES[node.op], dtype.as_numpy_dtype)
        value = constants.node(f"{node.name}/value", number)
        shape_type = node.attr["T"] if "T" in node.attr else node.attr["Tshape"]
        attributes = {"T": dtype.as_datatype_enum, "index_type": shape_type.type}
        node.op = "Fill"
        node.input[:] = [node.input[0], value.name]
        node.attr.clear()
        for key, kind in attributes.items():
            node.attr[key].type = kind
        added.append(value)
        replaced.append(node.name)
    changed.node.extend(added)
    return changed, replaced
