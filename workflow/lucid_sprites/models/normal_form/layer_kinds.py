"""Which nodes of a graph are layers, told by their operations alone, and of what kind."""

from collections.abc import Mapping

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import composite_layers, constants, topology
from lucid_sprites.models.graph.shapes import Shape
from lucid_sprites.recipe.layer_operations import KINDS

_EPSILON = 0.01


def layer_kinds(
    graph: GraphDef, picture: str, shapes: Mapping[str, Shape | None]
) -> dict[str, str]:
    """Kinds of the nodes that may be layers, by name.

    Args:
        graph: channels last, constants folded.
        picture: the placeholder.
        shapes: static shapes of its nodes for one picture.
    """
    activations, inside = composite_layers.composite_activations(graph, picture)
    norms, inside_norms = composite_layers.composite_norms(graph, picture)
    nodes = topology.by_name(graph)
    by_op = {
        node.name: KINDS[node.op]
        for node in graph.node
        if node.op in KINDS and not _keeps_from_zero(node, nodes)
    }
    parts = {name for name in inside if by_op.get(name) == "activation"} | inside_norms
    kinds = by_op | dict.fromkeys(activations, "activation") | dict.fromkeys(norms, "norm")
    kinds = {name: kind for name, kind in kinds.items() if name not in parts}
    return _with_token_layers(kinds, graph, shapes)


def _keeps_from_zero(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    """Whether a node only guards a division or a logarithm: the larger of it and an epsilon."""
    if node.op != "Maximum":
        return False
    values = [constants.value(reference, nodes) for reference in topology.data_inputs(node)]
    return any(
        value is not None and value.size == 1 and 0 < value.item() < _EPSILON for value in values
    )


def _with_token_layers(
    kinds: dict[str, str], graph: GraphDef, shapes: Mapping[str, Shape | None]
) -> dict[str, str]:
    """Also with dense layers on tokens."""
    nodes = topology.by_name(graph)
    all_kinds = dict(kinds)
    for node in graph.node:
        if len(shapes.get(node.name) or []) == 3 and _is_dense(node, nodes):
            all_kinds[node.name] = "convolution"
            if node.op == "Reshape":
                all_kinds.pop(topology.node_name(node.input[0]), None)
    return all_kinds


def _is_dense(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    """Whether a node gives the product of each position and constant weights."""
    if node.op in ("BatchMatMulV2", "BatchMatMulV3"):
        return constants.shape(node.input[1], nodes) is not None
    before = nodes[topology.node_name(node.input[0])] if node.op == "Reshape" else node
    return before.op == "MatMul" and constants.shape(before.input[1], nodes) is not None
