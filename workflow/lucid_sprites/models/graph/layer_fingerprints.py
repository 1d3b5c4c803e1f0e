"""What a layer computes, as one number: equal for equal networks, whatever their names."""

import hashlib
from types import MappingProxyType

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework import op_def_registry

from lucid_sprites.models.graph import topology
from lucid_sprites.models.graph.large_constants import Weights, value


def layer_fingerprints(
    graph: GraphDef, picture: str, weights: Weights = MappingProxyType({})
) -> dict[str, str]:
    """For each node, a SHA-256 of its operation, attributes and all that it is computed from.

    So it changes with the weights up to a layer, and not with those behind it.

    Args:
        weights: constants that are kept apart from `graph`.
    """
    fingerprints: dict[str, str] = {}
    for node in topology.topological_order(graph):
        sources = [
            f"{fingerprints.get(topology.node_name(ref), 'loop')}:{topology.output_number(ref)}"
            for ref in topology.data_inputs(node)
        ]
        if node.op == "Identity" and sources[0].endswith(":0"):
            fingerprints[node.name] = sources[0].removesuffix(":0")
            continue
        operation = b"picture" if node.name == picture else _operation(node, weights)
        fingerprints[node.name] = hashlib.sha256(operation + ";".join(sources).encode()).hexdigest()
    return fingerprints


def _operation(node: NodeDef, weights: Weights) -> bytes:
    """What a node does; attributes that equal their defaults may be written or not."""
    if node.op == "Const":
        array = value(node, weights)
        values = array.tobytes()
        return f"{array.dtype}{array.shape}".encode() + values
    definition = op_def_registry.get(node.op)
    parts = [node.op.encode()]
    for attribute in definition.attr if definition is not None else ():
        given = attribute.name in node.attr
        said = node.attr[attribute.name] if given else attribute.default_value
        parts.append(attribute.name.encode() + said.SerializeToString(deterministic=True))
    return b"|".join(parts)
