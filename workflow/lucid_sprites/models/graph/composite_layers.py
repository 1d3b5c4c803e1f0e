"""Layers written out in several operations.

Nonlinearities (Swish, hard swish, PReLU, LeakyReLU, GELU, ...) and normalizations of each pixel
(LayerNorm): all are functions of one tensor, pixel by pixel, in which it is used more than once.
"""

from collections.abc import Callable
from functools import reduce
from operator import and_, or_

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology
from lucid_sprites.recipe.layer_operations import LAYER_OPS

_LINEAR = ("Identity", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Neg", "BiasAdd", "AddN")
_NONLINEAR = (*LAYER_OPS["activation"], "Erf", "Erfc", "Abs", "Exp", "Minimum", "Pow", "Square",
              "Sign", "Greater", "GreaterEqual", "Less", "LessEqual", "SelectV2", "Select", "Cast",
              "Log1p", "Expm1")  # fmt: skip

_REDUCTIONS = ("Mean", "Sum")
_ROOTS = ("Rsqrt", "Sqrt")
_NORMALIZING = ("SquaredDifference", "Square", "StopGradient", "Maximum", "Pow", *_ROOTS)

# Nodes of one written-out nonlinearity, its result not counted.
_MOST_INSIDE = 100


def composite_activations(graph: GraphDef, picture: str) -> tuple[set[str], set[str]]:
    """Nonlinearities that are made of several nodes.

    Returns:
        the nodes that give their results, and the nodes inside them that nothing else reads.
    """
    pointwise = _of_activations(graph, picture)
    return _outermost(graph, pointwise.inner_nodes(pointwise.bends))


def argument(graph: GraphDef, picture: str, activation: str) -> str | None:
    """The node that a nonlinearity made of several nodes is a function of.

    Returns:
        its name; None if the node `activation` is no result of such.
    """
    if topology.by_name(graph)[activation].op not in (*_LINEAR, *_NONLINEAR):
        return None
    pointwise = _of_activations(graph, picture)
    inner = pointwise.inner_nodes(pointwise.bends).get(activation)
    return None if inner is None else pointwise.root({activation, *inner})


def composite_norms(graph: GraphDef, picture: str) -> tuple[set[str], set[str]]:
    """Normalizations of each pixel's channels that are made of several nodes.

    Returns:
        as `composite_activations` does.
    """
    nodes = topology.by_name(graph)
    reductions = {node.name for node in graph.node if _reduces_channels(node, nodes)}
    works = {node.name for node in graph.node if node.op in (*_LINEAR, *_NORMALIZING)}
    inner = _Pointwise(graph, picture, works | reductions).inner_nodes(lambda _: True)
    whole = {
        result: names
        for result, names in inner.items()
        if names & reductions and any(nodes[name].op in _ROOTS for name in names)
    }
    return _outermost(graph, whole)


def _of_activations(graph: GraphDef, picture: str) -> "_Pointwise":
    works = {node.name for node in graph.node if node.op in (*_LINEAR, *_NONLINEAR)}
    return _Pointwise(graph, picture, works)


def _reduces_channels(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    if node.op not in _REDUCTIONS or not node.attr["keep_dims"].b:
        return False
    axes = constants.value(node.input[1], nodes)
    return axes is not None and set(axes.reshape(-1).tolist()) in ({-1}, {3})


def _outermost(graph: GraphDef, inner: dict[str, set[str]]) -> tuple[set[str], set[str]]:
    """Results that are not inside another one, and the nodes inside that nothing else reads."""
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

    def __init__(self, graph: GraphDef, picture: str, works: set[str]) -> None:
        """Look at a graph in which the nodes `works` treat each pixel by itself."""
        self._nodes = topology.by_name(graph)
        dependent = topology.descendants(graph, picture)
        self._constant = constants.constant_nodes(graph)
        self._names: list[str] = []
        self._sources: dict[str, list[str]] = {}
        self._before: dict[str, int] = {}
        for node in topology.topological_order(graph):
            self._before[node.name] = bit = 1 << len(self._names)
            self._names.append(node.name)
            names = [topology.node_name(reference) for reference in topology.data_inputs(node)]
            sources = [name for name in names if name in dependent]
            if node.name in works and sources:
                self._sources[node.name] = sources
                reach = [self._before.get(name, 0) for name in sources]
                self._before[node.name] = reduce(or_, reach, bit)

    def inner_nodes(self, counts: Callable[[str], bool]) -> dict[str, set[str]]:
        """For each node that joins ways from one tensor, if any of them counts, those between."""
        inner = {}
        for name, sources in self._sources.items():
            if len(sources) > 1:
                between = self._between(sources)
                if between is not None and any(map(counts, [name, *between])):
                    inner[name] = between
        return inner

    def root(self, names: set[str]) -> str:
        """The one tensor that nodes of `inner_nodes` and their result are computed from."""
        (root,) = {source for name in names for source in self._sources[name]} - names
        return root

    def _between(self, sources: list[str]) -> set[str] | None:
        """Nodes on the ways to `sources` from the last tensor that all of them come from."""
        reach = [self._before[source] for source in sources]
        together, shared = reduce(or_, reach), reduce(and_, reach)
        while shared:
            number = shared.bit_length() - 1
            root = self._names[number]
            between = together & ~self._before[root]
            if between.bit_count() > _MOST_INSIDE:
                return None
            names = self._named(between)
            if self._is_closed(names, root):
                return names
            shared ^= 1 << number
        return None

    def _is_closed(self, names: set[str], root: str) -> bool:
        """Whether nodes are computed from the tensor `root` and nothing else that varies."""
        return all({*self._sources.get(name, [""])} <= {*names, root} for name in names)

    def _named(self, numbers: int) -> set[str]:
        names = set()
        while numbers:
            names.add(self._names[numbers.bit_length() - 1])
            numbers ^= 1 << (numbers.bit_length() - 1)
        return names

    def bends(self, name: str) -> bool:
        """Whether a node is no linear function of its inputs."""
        node = self._nodes[name]
        several = len(set(topology.parents(node)) - self._constant) > 1
        return node.op in _NONLINEAR or (node.op in ("Mul", "RealDiv", "Div") and several)
