"""Which tensor of a graph the picture is, and the graph made to take it as floats.

First a placeholder from which a gradient can come to the convolutions. A graph that has none,
because bytes, strings or a data pipeline come in, is cut in front of its first convolution.
"""

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto

from lucid_sprites.errors import NoPictureError, UserError, nearest
from lucid_sprites.models.graph import constants, cut, differentiable, topology
from lucid_sprites.models.normal_form.placeholders import PLACEHOLDERS

# Each costs a walk through the graph.
_MOST_TRIED = 100
_MOST_REASONS = 3
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
_FLOAT = tf.float32.as_datatype_enum
_OTHER_FLOATS = (tf.float16.as_datatype_enum, tf.float64.as_datatype_enum,
                 tf.bfloat16.as_datatype_enum)  # fmt: skip
_WHOLE_NUMBERS = (tf.uint8.as_datatype_enum, tf.int32.as_datatype_enum,
                  tf.int64.as_datatype_enum)  # fmt: skip

# They move pixels and do not mind of what type these are.
_MOVES = ("Identity", "ExpandDims", "Reshape", "Squeeze", "Transpose", "StridedSlice", "Slice",
          "Pad", "PadV2", "MirrorPad", "ConcatV2", "Split", "SplitV", "ReverseV2", "Pack", "Unpack",
          "ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "Switch",
          "Merge")  # fmt: skip
_ASKS_SHAPE = ("Shape", "ShapeN", "Size", "Rank")
# Of nodes with many outputs: iterators, queues, function calls.
_TYPE_LISTS = ("output_types", "component_types", "Tout", "out_types")
# Between the picture and the first convolution a value may pass these and stay a picture.
_PREPARES = ("Identity", "Pad", "PadV2", "MirrorPad", "CheckNumerics", "BiasAdd", "Neg",
             "Transpose", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum",
             "Minimum")  # fmt: skip


def find(graph: GraphDef, wanted: str | None, source: str) -> tuple[GraphDef, str, str]:
    """The picture's node.

    Args:
        wanted: the name that the config gives, if any.
        source: the model file's name, for messages.

    Returns:
        a graph in which the picture is a node that gives float32; that node's name; how it is
        known.

    Raises:
        UserError: no such node.
        NoPictureError: no picture.
    """
    if wanted is not None:
        return _cut(graph, _wanted_reference(graph, wanted, source), source), *_named(wanted)
    placeholders = [node for node in graph.node if _is_placeholder(node)]
    possible = [node for node in placeholders if _may_be_picture(node)][:_MOST_TRIED]
    reached = [(_convolutions_reached(graph, node), node) for node in possible]
    candidates = [(count, node) for count, node in reached if count]
    if candidates:
        best = max(count for count, _ in candidates)
        name = next(node.name for count, node in candidates if count == best)
        known = "read" if len(candidates) == 1 else "inferred"
        return _as_float(graph, name), name, known
    reference = _before_first_convolution(graph)
    if reference is None:
        names = ", ".join(node.name for node in placeholders[:10]) or "none"
        raise NoPictureError(
            f"{source}: no placeholder leads to a convolution, so there is no picture to optimize; "
            f"placeholders: {names}; if the graph has a picture input, name it in config.yaml "
            f"under input: {{name: ...}}{_what_was_cut(graph)}"
        )
    return _cut(graph, reference, source), _cut_name(reference), "inferred"


def _is_placeholder(node: NodeDef) -> bool:
    return node.op in PLACEHOLDERS and not cut.is_cut(node)


def _what_was_cut(graph: GraphDef) -> str:
    """The first nodes that may be why there is no picture."""
    reasons = dict.fromkeys(filter(None, map(cut.reason, graph.node)))
    return "".join(f"; {reason}" for reason in list(reasons)[:_MOST_REASONS])


def _named(wanted: str) -> tuple[str, str]:
    return _cut_name(wanted), "config"


def _wanted_reference(graph: GraphDef, wanted: str, source: str) -> str:
    nodes = topology.by_name(graph)
    if _cut_name(wanted) in nodes and cut.is_cut(nodes[_cut_name(wanted)]):
        return _cut_name(wanted)
    if topology.node_name(wanted) not in nodes:
        placeholders = [node.name for node in graph.node if _is_placeholder(node)]
        raise UserError(
            f"{source}: input node {wanted!r} does not exist; the placeholders are "
            f"{', '.join(placeholders) or 'none'}; nearest names: {nearest(wanted, list(nodes))}"
        )
    return wanted


def _convolutions_reached(graph: GraphDef, placeholder: NodeDef) -> int:
    """Convolutions that a gradient connects with a placeholder, once that takes floats."""
    convolutions = {node.name for node in graph.node if node.op in CONVOLUTIONS}
    if not topology.descendants(graph, placeholder.name) & convolutions:
        return 0
    connected, _ = differentiable.reached(_as_float(graph, placeholder.name), placeholder.name)
    return len(connected & convolutions)


def _may_be_picture(placeholder: NodeDef) -> bool:
    kind = topology.type_of(placeholder, "dtype")
    rank = len(placeholder.attr["shape"].shape.dim) if "shape" in placeholder.attr else 0
    # Old graphs write an unknown shape as an empty one.
    return kind in (_FLOAT, *_OTHER_FLOATS, *_WHOLE_NUMBERS) and rank in (0, 4)


def _as_float(graph: GraphDef, name: str) -> GraphDef:
    """The graph with float32 for the placeholder `name`, and what reads it adapted."""
    kind = topology.by_name(graph)[name].attr["dtype"].type
    if kind == _FLOAT:
        return graph
    changed = topology.with_nodes(graph, graph.node)
    nodes = topology.by_name(changed)
    _retype(nodes[name], kind)
    if kind in _OTHER_FLOATS:
        _convert_readers(changed, nodes[name], kind)
        return changed
    readers = topology.readers(changed)
    stack = [name]
    while stack:
        for reader in readers.get(stack.pop(), []):
            if reader.op == "Cast" and topology.type_of(reader, "SrcT") == kind:
                reader.attr["SrcT"].type = _FLOAT
            elif reader.op in (*_MOVES, *_ASKS_SHAPE) and _retype(reader, kind):
                stack += [reader.name] * (reader.op in _MOVES)
    return changed


def _retype(node: NodeDef, kind: int) -> bool:
    keys = [key for key in ("dtype", "T", "Tparams") if topology.type_of(node, key) == kind]
    for key in keys:
        node.attr[key].type = _FLOAT
    return bool(keys)


def _convert_readers(graph: GraphDef, placeholder: NodeDef, kind: int) -> None:
    """Half or double precision networks read the picture through a cast."""
    cast = NodeDef(name=f"{placeholder.name}/cast", op="Cast", input=[placeholder.name])
    cast.attr["SrcT"].type, cast.attr["DstT"].type = _FLOAT, kind
    for node in graph.node:
        node.input[:] = [cast.name if r in (placeholder.name, f"{placeholder.name}:0") else r
                         for r in node.input]  # fmt: skip
    graph.node.append(cast)


def _before_first_convolution(graph: GraphDef) -> str | None:
    """The tensor that comes to the convolution before all others, before what prepares it."""
    nodes = topology.by_name(graph)
    constant = constants.constant_nodes(graph)
    roots = _first_convolutions(graph) - constant
    if not roots:
        return None
    tried = sorted(roots)[:_MOST_TRIED]
    widest = max(tried, key=lambda name: len(topology.descendants(graph, name)))
    reference = nodes[widest].input[0]
    while (above := _prepared_from(reference, nodes, constant)) is not None:
        reference = above
    return reference if _is_float_output(reference, nodes) else None


def _first_convolutions(graph: GraphDef) -> set[str]:
    """Convolutions that do not depend on others."""
    behind: set[str] = set()
    first: set[str] = set()
    for node in topology.topological_order(graph):
        if not behind.isdisjoint(topology.parents(node)):
            behind.add(node.name)
        elif node.op in CONVOLUTIONS:
            first.add(node.name)
            behind.add(node.name)
    return first


def _prepared_from(reference: str, nodes: dict[str, NodeDef], constant: set[str]) -> str | None:
    """What a tensor was a moment before, if that was a picture of floats too."""
    node = nodes[topology.node_name(reference)]
    varying = [r for r in topology.data_inputs(node) if topology.node_name(r) not in constant]
    if node.op not in _PREPARES or len(varying) != 1:
        return None
    return varying[0] if _is_float_output(varying[0], nodes) else None


def _is_float_output(reference: str, nodes: dict[str, NodeDef]) -> bool:
    node = nodes[topology.node_name(reference)]
    kind = topology.type_of(node, "DstT", "T", "dtype")
    if kind:
        return bool(kind == _FLOAT)
    lists = [node.attr[key].list.type for key in _TYPE_LISTS if key in node.attr]
    kinds = [kind for types in lists for kind in types]
    number = topology.output_number(reference)
    return number < len(kinds) and kinds[number] == _FLOAT


def _cut_name(reference: str) -> str:
    name, number = topology.node_name(reference), topology.output_number(reference)
    return f"{name}/output_{number}" if number else name


def _cut(graph: GraphDef, reference: str, source: str) -> GraphDef:
    """The graph with a placeholder for the tensor `reference`."""
    nodes = topology.by_name(graph)
    node = nodes[topology.node_name(reference)]
    if cut.is_cut(node):
        others = (cut.as_input(other) if other.name == node.name else other for other in graph.node)
        return _as_float(topology.with_nodes(graph, others), node.name)
    if node.op in PLACEHOLDERS:
        return _as_float(graph, node.name)
    if not _is_float_output(reference, nodes):
        raise UserError(
            f"{source}: input node {reference!r} gives no float32 pictures; name a placeholder or "
            "a tensor of floats"
        )
    placeholder = NodeDef(name=_cut_name(reference), op="Placeholder")
    placeholder.attr["dtype"].type = _FLOAT
    placeholder.attr["shape"].shape.CopyFrom(_shape(graph, reference))
    kept = [other for other in graph.node if other.name != placeholder.name]
    changed = topology.with_nodes(graph, [*kept, placeholder])
    for other in changed.node:
        other.input[:] = [placeholder.name if _same(r, reference) else r for r in other.input]
    return changed


def _shape(graph: GraphDef, reference: str) -> TensorShapeProto:
    """The shape of a tensor, as its node says or as it follows from what is before it."""
    name = topology.node_name(reference)
    said = cut.said_shape(topology.by_name(graph)[name], topology.output_number(reference))
    if said is not None:
        return said
    before = topology.ancestors(graph, [name])
    part = topology.with_nodes(graph, (node for node in graph.node if node.name in before))
    try:
        with tf.Graph().as_default():
            tensor = f"{name}:{topology.output_number(reference)}"
            (found,) = tf.import_graph_def(part, return_elements=[tensor], name="")
            shape: TensorShapeProto = found.shape.as_proto()
            return shape
    except ValueError:
        return TensorShapeProto(unknown_rank=True)


def _same(one: str, other: str) -> bool:
    if topology.is_control(one):
        return False
    return (topology.node_name(one), topology.output_number(one)) == (
        topology.node_name(other), topology.output_number(other)
    )  # fmt: skip
