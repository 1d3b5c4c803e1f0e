"""Walking a GraphDef: names, inputs, order and reach."""

from collections.abc import Container, Iterable

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

INTEGERS = (tf.int32.as_datatype_enum, tf.int64.as_datatype_enum)
"""Types of tensors that hold shapes and indexes, as TensorFlow's numbers."""


def node_name(reference: str) -> str:
    """Name of the node that an input reference (`^a`, `a:1`, `a`) points to."""
    return reference.lstrip("^").partition(":")[0]


def output_number(reference: str) -> int:
    """Which output of its node a data reference (`a`, `a:1`) points to."""
    return int(reference.partition(":")[2] or 0)


def is_control(reference: str) -> bool:
    """Whether the reference only orders two nodes, and carries no data."""
    return reference.startswith("^")


def unused(name: str, taken: Container[str]) -> str:
    """A name that no node has yet: `name`, or the same with underscores."""
    while name in taken:
        name += "_"
    return name


def by_name(graph: GraphDef) -> dict[str, NodeDef]:
    """Nodes by name."""
    return {node.name: node for node in graph.node}


def parents(node: NodeDef) -> list[str]:
    """Names of the nodes that `node` reads, control inputs included."""
    return [node_name(reference) for reference in node.input]


def joins_channels(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    """Whether `node` puts channels of pictures side by side."""
    if node.op != "ConcatV2":
        return False
    axis = nodes[node_name(node.input[-1])]
    return axis.op == "Const" and int(tf.make_ndarray(axis.attr["value"].tensor)) in (-1, 3)


def channel_sources(
    reference: str, nodes: dict[str, NodeDef], passing: Container[str]
) -> list[str]:
    """The tensors whose channels, one behind the other, are those of a tensor.

    Args:
        passing: operations that keep each channel by itself; these and joins are gone through.
    """
    sources, waiting = [], [reference]
    while waiting:
        reference = waiting.pop()
        node = nodes[node_name(reference)]
        if node.op in passing:
            waiting.append(node.input[0])
        elif joins_channels(node, nodes):
            waiting += reversed(node.input[:-1])
        else:
            sources.append(reference)
    return sources


def type_of(node: NodeDef, *keys: str) -> int:
    """The first type attribute of `keys` that a node has, as TensorFlow's number, or 0."""
    return next((node.attr[key].type for key in keys if key in node.attr), 0)


def data_inputs(node: NodeDef) -> list[str]:
    """References to the tensors that `node` reads."""
    return [reference for reference in node.input if not is_control(reference)]


def readers(graph: GraphDef) -> dict[str, list[NodeDef]]:
    """The nodes that read any output of a node, by its name."""
    read_by: dict[str, list[NodeDef]] = {}
    for node in graph.node:
        for name in dict.fromkeys(node_name(reference) for reference in data_inputs(node)):
            read_by.setdefault(name, []).append(node)
    return read_by


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
    edges = {name: [node.name for node in nodes] for name, nodes in readers(graph).items()}
    return _reach([start], edges)


def with_nodes(graph: GraphDef, nodes: Iterable[NodeDef]) -> GraphDef:
    """A graph of `nodes`, with the versions and functions of `graph`."""
    changed = GraphDef(versions=graph.versions, library=graph.library)
    changed.node.extend(nodes)
    return changed


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
