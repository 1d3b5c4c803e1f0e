"""What the heads of attention give, as layers of tokens, where a graph has no such tensor itself.

PyTorch keeps heads in front of tokens and then mixes all pictures' tokens in one matrix: a branch
beside that brings them into the form [pictures, tokens, channels], heads side by side.
"""

from collections.abc import Mapping
from math import prod

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import moves, topology
from lucid_sprites.models.graph.shapes import Shape

KIND = "attention"
_PRODUCTS = ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum")
_MOVES = ("Reshape", "Transpose", "Identity", "Squeeze", "ExpandDims")


def weighted_sums(graph: GraphDef) -> list[NodeDef]:
    """The products of a softmax, the weights of attention, and values."""
    nodes = topology.by_name(graph)
    return [node for node in graph.node if node.op in _PRODUCTS and _weighs(node, nodes)]


def _weighs(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    return any(
        _source(reference, nodes).op == "Softmax" for reference in topology.data_inputs(node)
    )


def _source(reference: str, nodes: dict[str, NodeDef]) -> NodeDef:
    node = nodes[topology.node_name(reference)]
    while node.op in _MOVES:
        node = nodes[topology.node_name(node.input[0])]
    return node


def rank_three(
    node: NodeDef, readers: Mapping[str, list[NodeDef]], shapes: Mapping[str, Shape | None]
) -> NodeDef | None:
    """The first tensor [pictures, tokens, channels] that a node is moved to, if there is one."""
    moved = node
    while len(shape := shapes.get(moved.name) or []) != 3 or shape[0] != 1:
        following = readers.get(moved.name, [])
        if len(following) != 1 or following[0].op not in _MOVES:
            return None
        moved = following[0]
    return moved


def with_heads(
    graph: GraphDef, kinds: Mapping[str, str], shapes: Mapping[str, Shape | None]
) -> tuple[GraphDef, dict[str, str], dict[str, Shape | None]]:
    """The graph, the kinds of its layers and the shapes with a layer for each attention.

    Args:
        kinds: of the layers, by name.
        shapes: static shapes of the nodes for one picture.
    """
    readers, taken = topology.readers(graph), {node.name for node in graph.node}
    kinds, shapes = dict(kinds), dict(shapes)
    made: list[NodeDef] = []
    for node in weighted_sums(graph):
        present = rank_three(node, readers, shapes)
        if present is not None:
            kinds[present.name] = KIND
            continue
        shape = [length or 0 for length in shapes.get(node.name) or []]
        if len(shape) not in (3, 4) or 0 in shape or prod(shape[:-3]) != 1:
            continue
        if node.op == "Einsum" and _has_tokens_first(node, shape, topology.by_name(graph), shapes):
            kinds[node.name] = KIND
            continue
        heads, tokens, channels = shape[-3:]
        name = topology.unused(f"{node.name.rpartition('/')[0] or node.name}/{KIND}", taken)
        taken.add(name)
        made += _side_by_side(name, node, (heads, tokens, channels))
        kinds.pop(node.name, None)
        kinds[name], shapes[name] = KIND, [1, tokens, heads * channels]
    return topology.with_nodes(graph, [*graph.node, *made]) if made else graph, kinds, shapes


def _has_tokens_first(
    node: NodeDef, shape: list[int], nodes: dict[str, NodeDef], shapes: Mapping[str, Shape | None]
) -> bool:
    """Whether a sum [pictures, tokens, heads, channels] is in order; products keep heads first."""
    sources = [_source(reference, nodes) for reference in topology.data_inputs(node)]
    weights = next(shapes.get(source.name) for source in sources if source.op == "Softmax")
    return len(shape) == 4 and weights is not None and weights[-2:-1] == [shape[1]]


def _side_by_side(name: str, node: NodeDef, shape: tuple[int, int, int]) -> list[NodeDef]:
    """Nodes from heads in front of tokens, or of all pictures in one row, to heads in channels."""
    heads, tokens, channels = shape
    sizes = [-1, heads, tokens, channels]
    split = moves.reshape(f"{name}/heads", node, sizes, f"{name}/heads/shape")
    turned = moves.transpose(f"{name}/turned", split[-1], [0, 2, 1, 3], f"{name}/order")
    joined = moves.reshape(name, turned[-1], [-1, tokens, heads * channels], f"{name}/shape")
    return [*split, *turned, *joined]
