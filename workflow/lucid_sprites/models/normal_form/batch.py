"""Graphs made for one picture, made for any number of them where a constant stood in the way."""

from collections.abc import Mapping

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology

Shapes = Mapping[str, list[int | None] | None]


def free(graph: GraphDef, picture: str, shapes: Shapes) -> GraphDef:
    """The graph with free batches in reshapes and transposed convolutions behind the picture.

    Args:
        graph: channels last, constants folded.
        shapes: static shapes of nodes for one picture; None where unknown.
    """
    dependent = topology.descendants(graph, picture)
    nodes = topology.by_name(graph)
    freed: list[NodeDef] = []
    for node in graph.node:
        added: list[NodeDef] = []
        if node.name in dependent and node.op == "Reshape":
            added = _free_reshape(node, nodes, shapes)
        elif node.name in dependent and node.op == "Conv2DBackpropInput":
            added = _free_sizes(node, nodes, shapes)
        freed += added or [node]
    return topology.with_nodes(graph, freed)


def _free_reshape(node: NodeDef, nodes: dict[str, NodeDef], shapes: Shapes) -> list[NodeDef]:
    """A reshape to [1, ...] takes whatever comes."""
    target = constants.value(node.input[1], nodes)
    if target is None or target.ndim != 1 or not target.size or target[0] != 1:
        return []
    rest = list(target[1:])
    if -1 in rest:
        known = shapes.get(node.name)
        if known is None or None in known[1:]:
            return []
        rest = known[1:]
    shape = constants.node(f"{node.name}/free_shape", np.array([-1, *rest], target.dtype))
    changed = NodeDef()
    changed.CopyFrom(node)
    changed.input[1] = shape.name
    return [shape, changed]


def _free_sizes(node: NodeDef, nodes: dict[str, NodeDef], shapes: Shapes) -> list[NodeDef]:
    """A transposed convolution to a constant size gives one in proportion to its input."""
    sizes = constants.value(node.input[0], nodes)
    source = topology.node_name(node.input[2])
    before = shapes.get(source)
    if sizes is None or before is None or len(before) != 4 or None in before[1:]:
        return []
    strides = np.array([1, *list(node.attr["strides"].list.i)[1:3], 0], np.int32)
    offset = np.array([0, *(sizes[1:3] - strides[1:3] * before[1:3]), sizes[3]], np.int32)
    prefix = f"{node.name}/free_size"
    factor, rest = (
        constants.node(f"{prefix}/factor", strides),
        constants.node(f"{prefix}/rest", offset),
    )
    shape = NodeDef(name=f"{prefix}/shape", op="Shape", input=[node.input[2]])
    shape.attr["T"].type, shape.attr["out_type"].type = (
        node.attr["T"].type,
        factor.attr["dtype"].type,
    )
    scaled = NodeDef(name=f"{prefix}/scaled", op="Mul", input=[shape.name, factor.name])
    size = NodeDef(name=prefix, op="AddV2", input=[scaled.name, rest.name])
    for made in (scaled, size):
        made.attr["T"].type = factor.attr["dtype"].type
    changed = NodeDef()
    changed.CopyFrom(node)
    changed.input[0] = size.name
    return [factor, rest, shape, scaled, size, changed]
