"""What a graph expects as its picture: which node, which shape, which value range.

Every fact carries how it is known: `read` in the graph, `inferred` from what the graph does
with its input, `assumed` for want of anything better, or `config` where the user says so.
"""

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, prepare, topology
from lucid_sprites.recipe.layer_operations import BATCH_NORMS
from lucid_sprites.recipe.value_ranges import BYTES, SIGNED, UNIT, Range

_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
# Between the input and the first convolution these do not change values.
_PASS_THROUGH = ("Identity", "Pad", "PadV2", "MirrorPad", "Cast", "ExpandDims", "Transpose",
                 "Split",
                 "ReverseV2", "StridedSlice", "ConcatV2", "ResizeBilinear", "Placeholder",
                 "ResizeNearestNeighbor", "Reshape", "Squeeze")  # fmt: skip
_ARITHMETIC = ("Sub", "Add", "AddV2", "BiasAdd", "Mul", "RealDiv", "Div")
# These may have turned the order of colours.
_REORDERING = ("ReverseV2", "StridedSlice", "Split", "ConcatV2")
# A mean of colours above this many grey levels can only belong to the range 0..255.
_MEAN_OF_BYTES = 2.0
_NEUTRAL = 1e-3


def shape(
    node: NodeDef, graph: GraphDef, channels_first: bool
) -> tuple[tuple[int | None, int | None, int], str]:
    """(height, width, channels) of the picture that `node` takes, and how that is known."""
    if "shape" in node.attr and not node.attr["shape"].shape.unknown_rank:
        sizes = [dim.size if dim.size > 0 else None for dim in node.attr["shape"].shape.dim]
        if len(sizes) == 4:
            height, width, channels = sizes[1:] if not channels_first else [*sizes[2:], sizes[1]]
            if channels:
                return (height, width, channels), "read"
            channels = _first_kernel_depth(node, graph)
            return (height, width, channels or 3), "inferred" if channels else "assumed"
    channels = _first_kernel_depth(node, graph)
    return (None, None, channels or 3), "inferred" if channels else "assumed"


def _first_kernel_depth(node: NodeDef, graph: GraphDef) -> int | None:
    """Input channels of the first convolution behind `node`, where its kernel is constant."""
    kernel = _first_kernel(node.name, graph)
    return None if kernel is None else kernel[1].shape[2]


def _first_kernel(name: str, graph: GraphDef) -> tuple[NodeDef, np.ndarray] | None:
    nodes = topology.by_name(graph)
    reachable = topology.descendants(graph, name)
    for candidate in topology.topological_order(graph):
        if candidate.name in reachable and candidate.op in _CONVOLUTIONS:
            kernel = constants.value(candidate.input[1], nodes)
            if kernel is not None:
                return candidate, kernel
    return None


def value_range(name: str, graph: GraphDef) -> tuple[Range, str] | None:
    """The picture's range, from what the graph does with it, if that tells."""
    first = _first_arithmetic(name, graph)
    if first is not None:
        return _range_before(first[0].op, float(np.abs(first[1]).max())), "inferred"
    return _range_of_batch_norm(name, graph)


def colour_order(name: str, graph: GraphDef) -> tuple[str, str]:
    """`rgb` or `bgr`, and how that is known: subtracted mean colours tell."""
    first = _first_arithmetic(name, graph)
    if first is not None:
        step, mean = first[0], np.abs(np.ravel(first[1]))
        shifts = step.op in ("Sub", "Add", "AddV2", "BiasAdd") and not first[2]
        if shifts and mean.size == 3 and _is_mean_of_colours(mean):
            return ("rgb" if mean[0] > mean[2] else "bgr"), "inferred"
    return "rgb", "assumed"


def _is_mean_of_colours(mean: np.ndarray) -> bool:
    """Whether three numbers are about what ImageNet's (124, 117, 104) are."""
    return bool(90 < mean.min() < mean.max() < 140 and abs(mean[0] - mean[2]) > 5)


def _first_arithmetic(name: str, graph: GraphDef) -> tuple[NodeDef, np.ndarray, bool] | None:
    """The first arithmetic with a constant behind the input, the constant, and whether channels may
    have been put into another order before."""
    nodes, readers = topology.by_name(graph), topology.readers(graph)
    stack, seen = [(reader, False) for reader in readers.get(name, [])], set()
    while stack:
        step, reordered = stack.pop(0)
        if step.name in seen:
            continue
        seen.add(step.name)
        if step.op in (*_ARITHMETIC, *BATCH_NORMS):
            operand = _constant_operand(step, nodes)
            if operand is not None and _does_nothing(step.op, operand):
                stack += [(reader, reordered) for reader in readers.get(step.name, [])]
            elif operand is not None:
                return step, operand, reordered
        elif step.op in _PASS_THROUGH:
            after = reordered or step.op in _REORDERING
            stack += [(reader, after) for reader in readers.get(step.name, [])]
    return None


def _does_nothing(op: str, operand: np.ndarray) -> bool:
    """A batch norm of pictures that has learned nothing scales by 1 and shifts by 0."""
    neutral = 1.0 if op in ("Mul", "RealDiv", "Div") else 0.0
    return bool(np.abs(operand - neutral).max() < _NEUTRAL) and op not in BATCH_NORMS


def _range_before(op: str, operand: float) -> Range:
    if op in ("RealDiv", "Div") and operand > _MEAN_OF_BYTES:
        return BYTES
    if op == "Mul" and operand < 0.1:
        return BYTES
    if op not in ("Mul", "RealDiv", "Div") and operand > _MEAN_OF_BYTES:
        return BYTES
    return UNIT


def _constant_operand(node: NodeDef, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    """The constant that a node reads beside the picture; of batch norm the mean."""
    if node.op in BATCH_NORMS:
        return constants.value(node.input[3], nodes)
    for reference in topology.data_inputs(node):
        value = _value_behind_shapes(reference, nodes)
        if value is not None and value.size and value.dtype.kind in "fiu":
            return value
    return None


def _value_behind_shapes(reference: str, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    source = nodes[topology.node_name(reference)]
    while source.op in ("Identity", "Reshape", "Cast") and source.input:
        source = nodes[topology.node_name(source.input[0])]
    return constants.value(source.name, nodes) if source.op == "Const" else None


# Mean values at which natural pictures leave no doubt about their range.
_UNIT_MEANS, _SIGNED_MEANS, _BYTE_MEANS = (0.3, 0.7), (-0.6, 0.2), (60.0, 180.0)
_ENOUGH_CHANNELS = 6
_ENOUGH_FIT = 0.5


def _range_of_batch_norm(name: str, graph: GraphDef) -> tuple[Range, str] | None:
    """From the first convolution and the means that its batch norm has seen in training.

    A convolution of pictures of mean m has the mean m * (sum of its kernel) in each channel; the m
    that fits all channels best tells the range.
    """
    first = _first_kernel(name, graph)
    if first is None:
        return None
    convolution, kernel = first
    means = _means_seen(convolution, graph)
    sums = kernel.sum(axis=(0, 1, 2)) if convolution.op == "Conv2D" else None
    if means is None or sums is None or sums.size != means.size or sums.size < _ENOUGH_CHANNELS:
        return None
    mean = float(sums @ means / max(sums @ sums, 1e-12))
    left = float(np.square(means - mean * sums).sum() / max(np.square(means).sum(), 1e-12))
    for range_, (low, high) in ((BYTES, _BYTE_MEANS), (UNIT, _UNIT_MEANS)):
        if low < mean < high and left < _ENOUGH_FIT:
            return range_, "inferred"
    if _SIGNED_MEANS[0] < mean < _SIGNED_MEANS[1]:
        return SIGNED, "inferred"
    return None


def _means_seen(convolution: NodeDef, graph: GraphDef) -> np.ndarray | None:
    """Moving means of the batch norm right behind a convolution.

    Of batch norm that is written out only scale and shift are left; its offset, which mostly is
    small beside the shift, is taken for 0.
    """
    nodes = topology.by_name(graph)
    for reader in topology.readers(graph).get(convolution.name, []):
        if reader.op in BATCH_NORMS:
            means = constants.value(reader.input[3], nodes)
            return None if means is None or not means.size else means.astype(np.float64)
    for node in graph.node:
        match = prepare.affine(node, nodes)
        if match is not None and match[0].name == convolution.name:
            with np.errstate(divide="ignore", invalid="ignore"):
                means = -match[3].astype(np.float64) / match[2]
            return means if np.isfinite(means).all() else None
    return None
