"""Nodes that must not run, or that TensorFlow would stumble over, replaced by placeholders.

What depends on such a placeholder is no layer, unless the config gives it a value. The placeholder
bears the reason, for people.
"""

from collections.abc import Mapping

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto

from lucid_sprites.models.graph import graph_check, node_check, pure_operations, topology

REASON = "_cut"
"""Attribute of a placeholder: why its node was cut."""

_SHAPE_LISTS = ("_output_shapes", "output_shapes")
_UNKNOWN_TYPE = tf.float32.as_datatype_enum


def cut(graph: GraphDef) -> GraphDef:
    """The graph of operations that are pure functions of tensors (`pure_operations`) alone.

    Nodes that only print or copy pass on what they read.
    """
    passing = topology.with_nodes(graph, map(_passing, graph.node))
    passing.ClearField("library")
    reasons = {node.name: reason for node in passing.node if (reason := _reason(node)) is not None}
    return without(passing, reasons)


def without(graph: GraphDef, reasons: Mapping[str, str]) -> GraphDef:
    """The graph with placeholders for the nodes that `reasons` names."""
    if not reasons:
        return graph
    names = {node.name for node in graph.node}
    references = {reference for node in graph.node for reference in topology.data_inputs(node)}
    read = {(topology.node_name(ref), topology.output_number(ref)) for ref in references}
    aliases = {
        (name, number): _free_name(name, number, names)
        for name, number in read
        if name in reasons
    }  # fmt: skip
    outputs: dict[str, list[int]] = {}
    for name, number in sorted(aliases):
        outputs.setdefault(name, []).append(number)
    nodes: list[NodeDef] = []
    for node in graph.node:
        if node.name in reasons:
            nodes += _stand_ins(node, reasons[node.name], outputs.get(node.name, []), aliases)
        else:
            nodes.append(_redirected(node, aliases))
    return topology.with_nodes(graph, nodes)


def reason(node: NodeDef) -> str | None:
    """Why a node stands for one that was cut, or None: `'x' (ReadFile) is ...`."""
    return node.attr[REASON].s.decode() if REASON in node.attr else None


def is_cut(node: NodeDef) -> bool:
    """Whether a node stands for one that was cut."""
    return REASON in node.attr


def as_input(node: NodeDef) -> NodeDef:
    """The placeholder of a node that was cut, as one like any other."""
    free = NodeDef()
    free.CopyFrom(node)
    del free.attr[REASON]
    return free


def _passing(node: NodeDef) -> NodeDef:
    operation = pure_operations.substitute(node.op)
    if operation is None or not topology.data_inputs(node):
        return node
    passing = NodeDef()
    passing.CopyFrom(node)
    passing.op = operation
    if operation == "Identity":
        passing.input[:] = [node.input[0], *filter(topology.is_control, node.input)]
        passing.attr.clear()
        passing.attr["T"].CopyFrom(node.attr["T"])
    return passing


def _reason(node: NodeDef) -> str | None:
    wrong = node_check.problem(node)
    if wrong is None and not pure_operations.is_pure(node.op):
        wrong = "is no pure function of tensors, and is never run"
    return wrong and f"{graph_check.shown(node.name)} ({graph_check.shown(node.op)[1:-1]}) {wrong}"


def _free_name(name: str, number: int, taken: set[str]) -> str:
    """Of the placeholder for an output; `taken` grows by it."""
    if number == 0:
        return name
    free = f"{name}/output_{number}"
    while free in taken:
        free += "_"
    taken.add(free)
    return free


def _stand_ins(
    node: NodeDef, why: str, numbers: list[int], aliases: Mapping[tuple[str, int], str]
) -> list[NodeDef]:
    """Placeholders for the outputs of a node that are read, or else an empty node of its name."""
    made = [_placeholder(node, number, aliases[node.name, number]) for number in numbers]
    if 0 not in numbers:
        made.append(NodeDef(name=node.name, op="NoOp"))
    for stand_in in made:
        stand_in.attr[REASON].s = why.encode()
    return made


def _placeholder(node: NodeDef, number: int, name: str) -> NodeDef:
    placeholder = NodeDef(name=name, op="Placeholder")
    types = node_check.output_types(node)
    kind = types[number] if number < len(types) else topology.type_of(node, "DstT", "T", "dtype")
    placeholder.attr["dtype"].type = kind or _UNKNOWN_TYPE
    shape = said_shape(node, number)
    placeholder.attr["shape"].shape.CopyFrom(shape or TensorShapeProto(unknown_rank=True))
    return placeholder


def said_shape(node: NodeDef, number: int) -> TensorShapeProto | None:
    """The shape of an output that a node says itself: iterators do, others where it was saved."""
    for key in _SHAPE_LISTS:
        shapes = node.attr[key].list.shape if key in node.attr else []
        if number < len(shapes):
            return shapes[number]
    return None


def _redirected(node: NodeDef, aliases: Mapping[tuple[str, int], str]) -> NodeDef:
    changed = NodeDef()
    changed.CopyFrom(node)
    changed.input[:] = [
        ref
        if topology.is_control(ref)
        else aliases.get((topology.node_name(ref), topology.output_number(ref)), ref)
        for ref in node.input
    ]
    return changed
