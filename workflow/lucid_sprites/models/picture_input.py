"""What a graph expects as its picture: which node, which shape, which value range.

Every fact carries how it is known: `read` in the graph, `inferred` from what the graph does
with its input, `assumed` for want of anything better, or `config` where the user says so.
"""

from dataclasses import asdict, dataclass
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.errors import UserError, nearest
from lucid_sprites.models import topology

_PLACEHOLDERS = ("Placeholder", "PlaceholderWithDefault")
_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
# Between the input and the first convolution these do not change values.
_PASS_THROUGH = ("Identity", "Pad", "PadV2", "MirrorPad", "Cast", "ExpandDims")
# A mean of colours above this many grey levels can only belong to the range 0..255.
_MEAN_OF_BYTES = 2.0


@dataclass(frozen=True)
class PictureInput:
    """The picture a graph expects.

    Attributes:
        name: the node that is fed.
        height, width: pixels, None where the graph leaves them free.
        channels: of the picture.
        low, high: the value range that black and white are mapped to.
        known: how each of `name`, `shape`, `range` is known.
    """

    name: str
    height: int | None
    width: int | None
    channels: int
    low: float
    high: float
    known: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the catalogue."""
        return asdict(self)


def find(graph: GraphDef, overrides: dict[str, Any], source: str) -> PictureInput:
    """The picture input of `graph`; what `overrides` (the config's `input`) says wins.

    Raises:
        UserError: no such node, no picture input, or more than one that could be it.
    """
    nodes = topology.by_name(graph)
    if "name" in overrides:
        node = nodes.get(topology.node_name(overrides["name"]))
        if node is None:
            placeholders = [n.name for n in graph.node if n.op in _PLACEHOLDERS]
            raise UserError(
                f"{source}: input node {overrides['name']!r} does not exist; the placeholders are "
                f"{', '.join(placeholders) or 'none'}; nearest names: "
                f"{nearest(overrides['name'], list(nodes))}"
            )
        name_known = "config"
    else:
        node, name_known = _most_convolutions(graph, source)
    shape, shape_known = _shape(node, graph)
    (low, high), range_known = _range(node, nodes, graph)
    if "range" in overrides:
        (low, high), range_known = overrides["range"], "config"
        if not low < high:
            raise UserError(f"{source}: input range {[low, high]} is empty; give [low, high]")
    return PictureInput(
        node.name, shape[0], shape[1], shape[2], float(low), float(high),
        {"name": name_known, "shape": shape_known, "range": range_known},
    )  # fmt: skip


def _most_convolutions(graph: GraphDef, source: str) -> tuple[NodeDef, str]:
    convolutions = {node.name for node in graph.node if node.op in _CONVOLUTIONS}
    placeholders = [node for node in graph.node if node.op in _PLACEHOLDERS]
    reached = [
        (len(topology.descendants(graph, node.name) & convolutions), node) for node in placeholders
    ]
    candidates = [(count, node) for count, node in reached if count]
    if not candidates:
        raise UserError(
            f"{source}: no placeholder leads to a convolution, so there is no picture to optimize; "
            f"placeholders: {', '.join(n.name for n in placeholders) or 'none'}; "
            "if the graph has a picture input, name it in config.yaml under input: {name: ...}"
        )
    best = max(count for count, _ in candidates)
    first = [node for count, node in candidates if count == best]
    return first[0], "read" if len(candidates) == 1 else "inferred"


def _shape(node: NodeDef, graph: GraphDef) -> tuple[tuple[int | None, int | None, int], str]:
    for key in ("shape", "_output_shapes"):
        if key in node.attr:
            value = node.attr[key]
            shape = value.list.shape[0] if key == "_output_shapes" else value.shape
            sizes = [dim.size if dim.size > 0 else None for dim in shape.dim]
            if not shape.unknown_rank and len(sizes) == 4 and sizes[3]:
                return (sizes[1], sizes[2], sizes[3]), "read"
    channels = _first_kernel_depth(node, graph)
    return (None, None, channels or 3), "inferred" if channels else "assumed"


def _first_kernel_depth(node: NodeDef, graph: GraphDef) -> int | None:
    """Input channels of the first convolution behind `node`, where its kernel is constant."""
    nodes = topology.by_name(graph)
    reachable = topology.descendants(graph, node.name)
    for candidate in topology.topological_order(graph):
        if candidate.name in reachable and candidate.op in _CONVOLUTIONS:
            kernel = nodes[topology.node_name(candidate.input[1])]
            while kernel.op == "Identity":
                kernel = nodes[topology.node_name(kernel.input[0])]
            if kernel.op == "Const":
                return int(kernel.attr["value"].tensor.tensor_shape.dim[2].size)
    return None


def _range(
    node: NodeDef, nodes: dict[str, NodeDef], graph: GraphDef
) -> tuple[tuple[float, float], str]:
    """The range, from the arithmetic between the input and the first convolution."""
    if node.attr["dtype"].type == tf.uint8.as_datatype_enum:
        return (0.0, 255.0), "read"
    consumers: dict[str, list[NodeDef]] = {}
    for other in graph.node:
        for parent in topology.parents(other):
            consumers.setdefault(parent, []).append(other)
    stack, seen = list(consumers.get(node.name, [])), set()
    while stack:
        step = stack.pop()
        if step.name in seen:
            continue
        seen.add(step.name)
        if step.op in ("Sub", "Add", "AddV2", "BiasAdd", "Mul", "RealDiv", "Div"):
            operand = _largest_constant(step, nodes)
            if operand is not None:
                return _range_from(step.op, operand)
        elif step.op in _PASS_THROUGH:
            stack += consumers.get(step.name, [])
    return (-1.0, 1.0), "assumed"


def _range_from(op: str, operand: float) -> tuple[tuple[float, float], str]:
    if op in ("RealDiv", "Div") and operand > _MEAN_OF_BYTES:
        return (0.0, 255.0), "inferred"
    if op == "Mul" and operand < 0.1:
        return (0.0, 255.0), "inferred"
    if op not in ("Mul", "RealDiv", "Div") and operand > _MEAN_OF_BYTES:
        return (0.0, 255.0), "inferred"
    return (0.0, 1.0), "inferred"


def _largest_constant(node: NodeDef, nodes: dict[str, NodeDef]) -> float | None:
    """Largest magnitude among the constants that feed `node` directly, reshapes included."""
    for name in topology.parents(node):
        source = nodes[name]
        while source.op in ("Identity", "Reshape", "Cast") and source.input:
            source = nodes[topology.node_name(source.input[0])]
        if source.op == "Const":
            value = tf.make_ndarray(source.attr["value"].tensor)
            if value.size and value.dtype.kind in "fiu":
                return float(abs(value).max())
    return None
