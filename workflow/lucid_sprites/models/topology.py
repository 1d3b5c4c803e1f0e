"""Walking a GraphDef: names, inputs, order and reach."""

from collections.abc import Iterable

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef


def node_name(reference: str) -> str:
    """Name of the node that an input reference (`^a`, `a:1`, `a`) points to."""
    return reference.lstrip("^").partition(":")[0]


def by_name(graph: GraphDef) -> dict[str, NodeDef]:
    """Nodes by name."""
    return {node.name: node for node in graph.node}


def parents(node: NodeDef) -> list[str]:
    """Names of the nodes that `node` reads, control inputs included."""
    return [node_name(reference) for reference in node.input]


def topological_order(graph: GraphDef) -> list[NodeDef]:
    """Nodes after their inputs; edges that close a loop are ignored."""
    nodes = by_name(graph)
    done: dict[str, NodeDef] = {}
    started: set[str] = set()
    for root in nodes:
        stack = [root]
        while stack:
            name = stack[-1]
            if name not in started:
                started.add(name)
                stack += [p for p in parents(nodes[name]) if p in nodes and p not in started]
            else:
                stack.pop()
                done.setdefault(name, nodes[name])
    return list(done.values())


def descendants(graph: GraphDef, start: str) -> set[str]:
    """`start` and every node whose data depend on it (control inputs do not count)."""
    consumers: dict[str, list[str]] = {}
    for node in graph.node:
        for reference in node.input:
            if not reference.startswith("^"):
                consumers.setdefault(node_name(reference), []).append(node.name)
    return _reach([start], consumers)


def ancestors(graph: GraphDef, targets: Iterable[str]) -> set[str]:
    """`targets` and every node that they need."""
    return _reach(targets, {node.name: parents(node) for node in graph.node})


def _reach(starts: Iterable[str], edges: dict[str, list[str]]) -> set[str]:
    reached: set[str] = set()
    stack = list(starts)
    while stack:
        name = stack.pop()
        if name not in reached:
            reached.add(name)
            stack += edges.get(name, [])
    return reached
