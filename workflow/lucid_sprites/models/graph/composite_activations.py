"""Nonlinearities written out in several operations: Swish, hard swish, PReLU, LeakyReLU, GELU, ...

All are functions of one tensor, pixel by pixel, in which that tensor is used more than once.
"""

from functools import reduce
from operator import and_, or_

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.models.graph import constants, topology
from lucid_sprites.recipe.layer_operations import LAYER_OPS

_LINEAR = ("Identity", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Neg", "BiasAdd", "AddN")
_NONLINEAR = (*LAYER_OPS["activation"], "Erf", "Abs", "Exp", "Minimum", "Pow", "Square", "Sign",
              "Greater", "GreaterEqual", "Less", "LessEqual", "SelectV2", "Select", "Cast", "Log1p",
              "Expm1")  # fmt: skip

# Nodes of one written-out nonlinearity, its result not counted.
_MOST_INSIDE = 100


def composite_activations(graph: GraphDef, picture: str) -> tuple[set[str], set[str]]:
    """Nonlinearities that are made of several nodes.

    Returns:
        the nodes that give their results, and the nodes inside them that nothing else reads.
    """
    inner = _Pointwise(graph, picture).inner_nodes()
    readers = topology.readers(graph)
    within = {
        name
        for result, names in inner.items()
        for name in names
        if all(reader.name in names or reader.name == result for reader in readers.get(name, []))
    }
    return inner.keys() - within, within


class _Pointwise:
    """The nodes of a graph that work pixel by pixel, and what each is computed from.

    Sets of nodes are whole numbers, one bit for each node in topological order.
    """

    def __init__(self, graph: GraphDef, picture: str) -> None:
        self._nodes = topology.by_name(graph)
        dependent = topology.descendants(graph, picture)
        self._constant = constants.constant_nodes(graph)
        self._names: list[str] = []
        self._sources: dict[str, list[str]] = {}
        self._before: dict[str, int] = {}
        for node in topology.topological_order(graph):
            self._before[node.name] = own = 1 << len(self._names)
            self._names.append(node.name)
            names = [topology.node_name(reference) for reference in topology.data_inputs(node)]
            sources = [name for name in names if name in dependent]
            if node.op in (*_LINEAR, *_NONLINEAR) and sources:
                self._sources[node.name] = sources
                reach = [self._before.get(name, 0) for name in sources]
                self._before[node.name] = reduce(or_, reach, own)

    def inner_nodes(self) -> dict[str, set[str]]:
        """For each node that joins ways from one tensor with a bend in them: the nodes between."""
        found = {}
        for name, sources in self._sources.items():
            if len(sources) > 1:
                between = self._between(sources)
                if between is not None and any(map(self._bends, [name, *between])):
                    found[name] = between
        return found

    def _between(self, sources: list[str]) -> set[str] | None:
        """Nodes on the ways to `sources` from the last tensor that all of them come from."""
        reach = [self._before[source] for source in sources]
        shared = reduce(and_, reach)
        if not shared:
            return None
        root = self._names[shared.bit_length() - 1]
        between = reduce(or_, reach) & ~self._before[root]
        return self._named(between) if between.bit_count() <= _MOST_INSIDE else None

    def _named(self, numbers: int) -> set[str]:
        names = set()
        while numbers:
            names.add(self._names[numbers.bit_length() - 1])
            numbers ^= 1 << (numbers.bit_length() - 1)
        return names

    def _bends(self, name: str) -> bool:
        node = self._nodes[name]
        several = len(set(topology.parents(node)) - self._constant) > 1
        return node.op in _NONLINEAR or (node.op in ("Mul", "RealDiv", "Div") and several)
