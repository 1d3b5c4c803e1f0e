"""Nonlinearities written out in several operations: Swish, hard swish, PReLU, LeakyReLU, GELU, ...

All are functions of one tensor, pixel by pixel, in which that tensor is used more than once.
"""

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.models import constants, topology

_LINEAR = ("Identity", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Neg", "BiasAdd", "AddN")
_NONLINEAR = ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Erf",
              "Abs", "Exp", "Maximum", "Minimum", "Pow", "Square", "Sign", "Greater",
              "GreaterEqual", "Less", "LessEqual", "SelectV2", "Select", "Cast", "Log1p",
              "Expm1")  # fmt: skip


def written_out(graph: GraphDef, picture: str) -> tuple[set[str], set[str]]:
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
    """The nodes of a graph that work pixel by pixel, and what each is computed from."""

    def __init__(self, graph: GraphDef, picture: str) -> None:
        self._nodes = topology.by_name(graph)
        dependent = topology.descendants(graph, picture)
        self._order: dict[str, int] = {}
        self._sources: dict[str, list[str]] = {}
        self._before: dict[str, set[str]] = {}
        for node in topology.topological_order(graph):
            self._order[node.name] = len(self._order)
            names = [topology.node_name(reference) for reference in topology.data_inputs(node)]
            sources = [name for name in names if name in dependent]
            if node.op in (*_LINEAR, *_NONLINEAR) and sources:
                self._sources[node.name] = sources
                reach = [self._before.get(name, {name}) for name in sources]
                self._before[node.name] = {node.name}.union(*reach)

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
        reach = [self._before.get(source, {source}) for source in sources]
        shared = set.intersection(*reach)
        if not shared:
            return None
        root = max(shared, key=self._order.__getitem__)
        return set.union(*reach) - self._before.get(root, {root})

    def _bends(self, name: str) -> bool:
        node = self._nodes[name]
        varying = [r for r in topology.data_inputs(node) if topology.node_name(r) in self._order]
        several = sum(not constants.is_constant(r, self._nodes) for r in varying) > 1
        return node.op in _NONLINEAR or (node.op in ("Mul", "RealDiv", "Div") and several)
