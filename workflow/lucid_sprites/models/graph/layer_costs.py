"""What a forward pass up to each layer costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology
from lucid_sprites.models.graph.shapes import Shape
from lucid_sprites.recipe.layer_operations import KINDS, LAYER_OPS


@dataclass(frozen=True)
class _Spent:
    """What the nodes up to one cost: which they are, one bit each; their multiplications; the
    largest of their results, in numbers."""

    nodes: int = 0
    macs: int = 0
    largest: int = 0


@dataclass(frozen=True)
class LayerCost:
    """One forward pass up to a layer, for each pixel of the picture.

    Attributes:
        macs: multiplications.
        activations: numbers of the largest activation.
    """

    macs: float
    activations: float


def up_to(
    graph: GraphDef, names: Sequence[str], shapes: dict[str, Shape | None], pixels: int
) -> dict[str, LayerCost]:
    """Cost of one forward pass up to each of the layers `names`, for each pixel of the picture."""
    by_name = topology.by_name(graph)
    node_costs: list[_Spent] = []
    spent: dict[str, _Spent] = {}
    for node in topology.topological_order(graph):
        before = [spent[name] for name in topology.parents(node) if name in spent]
        if node.op in KINDS and node.name in shapes:
            size = _numbers(shapes[node.name])
            node_costs.append(_Spent(1 << len(node_costs), _macs(node, size, by_name), size))
            before.append(node_costs[-1])
        spent[node.name] = _together(before, node_costs)
    return {
        name: LayerCost(
            macs=round(spent[name].macs / pixels, 3),
            activations=round((spent[name].largest if spent[name].nodes else 1) / pixels, 3),
        )
        for name in names
    }


def _together(parts: list[_Spent], node_costs: list[_Spent]) -> _Spent:
    """The union of several sets of nodes; mostly the largest holds nearly all of the others."""
    if not parts:
        return _Spent()
    most = max(parts, key=lambda part: part.nodes.bit_count())
    nodes, macs, largest = most.nodes, most.macs, most.largest
    for part in parts:
        for number in _bits(part.nodes & ~nodes):
            macs += node_costs[number].macs
            largest = max(largest, node_costs[number].largest)
        nodes |= part.nodes
    return most if nodes == most.nodes else _Spent(nodes, macs, largest)


def _bits(number: int) -> Iterator[int]:
    while number:
        yield number.bit_length() - 1
        number ^= 1 << (number.bit_length() - 1)


def _numbers(shape: Shape | None) -> int:
    return prod(size or 1 for size in shape) if shape else 0


def _macs(node: NodeDef, size: int, nodes: dict[str, NodeDef]) -> int:
    """Multiplications of a convolution or matrix product, 0 for everything else."""
    if node.op not in LAYER_OPS["convolution"]:
        return 0
    kernel = constants.shape(node.input[1], nodes)
    if kernel is None:
        return 0
    if node.op == "MatMul":
        return size * (kernel[1] if node.attr["transpose_b"].b else kernel[0])
    return size * prod(kernel[: 3 if node.op == "Conv2D" else 2])
