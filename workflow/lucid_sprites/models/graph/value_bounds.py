"""Between which values the outputs of nodes lie, by interval arithmetic.

A unit that has reached its ceiling (Relu6 at 6, a sigmoid at 1) cannot be excited any further.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import TypeAlias

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import large_constants, topology
from lucid_sprites.models.graph.large_constants import Weights

Bounds: TypeAlias = tuple[float, float]
"""The least and the greatest value; infinite where there is none."""

_ANY: Bounds = (-math.inf, math.inf)


def value_bounds(graph: GraphDef, weights: Weights) -> dict[str, Bounds]:
    """Bounds of every node's first output, whatever the picture is.

    Bounds are safe, not always the closest: what an operation does is known for those that have or
    keep bounds; all others may give anything.

    Args:
        weights: constants that are empty in the graph, by name.
    """
    return _bounds(topology.topological_order(graph), weights)


def bounds_of(graph: GraphDef, name: str) -> Bounds:
    """Bounds of the first output of the node `name`, whatever the picture is."""
    nodes = topology.by_name(graph)
    # What an operation gives that may give anything does not depend on what comes before it.
    needed, left = {name}, [name]
    while left:
        node = nodes[left.pop()]
        if node.op in _BOUNDS:
            before = {*map(topology.node_name, topology.data_inputs(node))} - needed
            needed |= before
            left += before
    return _bounds([n for n in topology.topological_order(graph) if n.name in needed], {})[name]


def _bounds(nodes: Iterable[NodeDef], weights: Weights) -> dict[str, Bounds]:
    """Bounds of nodes that come after those that they are computed from, if that matters."""
    bounds: dict[str, Bounds] = {}
    for node in nodes:
        if node.op == "Const":
            bounds[node.name] = _of_constant(large_constants.value(node, weights))
        else:
            before = [
                _ANY
                if topology.output_number(reference)
                else bounds.get(topology.node_name(reference), _ANY)
                for reference in topology.data_inputs(node)
            ]
            bounds[node.name] = _BOUNDS.get(node.op, _anything)(node, before)
    return bounds


def _of_constant(value: np.ndarray) -> Bounds:
    if value.dtype.kind not in "iuf" or not value.size:
        return _ANY
    low, high = float(value.min()), float(value.max())
    return (low, high) if math.isfinite(low) and math.isfinite(high) else _ANY


_Rule: TypeAlias = Callable[[NodeDef, Sequence[Bounds]], Bounds]


def _anything(_: NodeDef, before: Sequence[Bounds]) -> Bounds:
    return _ANY


def _rising(function: Callable[[float], float]) -> _Rule:
    """Of an operation that gives more for more."""
    return lambda _, before: (function(before[0][0]), function(before[0][1]))


def _sigmoid(value: float) -> float:
    return 0.5 + 0.5 * math.tanh(value / 2)


def _elu(value: float) -> float:
    return value if value > 0 else math.expm1(value)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _selu(value: float) -> float:
    return _SELU_SCALE * (value if value > 0 else _SELU_ALPHA * math.expm1(value))


def _softsign(value: float) -> float:
    return value / (1 + abs(value)) if math.isfinite(value) else math.copysign(1, value)


def _leaky(node: NodeDef, before: Sequence[Bounds]) -> Bounds:
    slope = node.attr["alpha"].f if "alpha" in node.attr else 0.2
    low, high = (value if value > 0 else value * slope for value in before[0])
    return (low, high) if 0 < slope <= 1 else _ANY


def _same(_: NodeDef, before: Sequence[Bounds]) -> Bounds:
    return before[0]


def _any_of(_: NodeDef, before: Sequence[Bounds]) -> Bounds:
    return min(low for low, _ in before), max(high for _, high in before)


def _joined(node: NodeDef, before: Sequence[Bounds]) -> Bounds:
    """Of ConcatV2, whose last input is its axis."""
    return _any_of(node, before[:-1])


def _added(_: NodeDef, before: Sequence[Bounds]) -> Bounds:
    return sum(low for low, _ in before), sum(high for _, high in before)


def _less(_: NodeDef, before: Sequence[Bounds]) -> Bounds:
    (low, high), (least, most) = before
    return low - most, high - least


def _times(_: NodeDef, before: Sequence[Bounds]) -> Bounds:
    # Nothing times any number is nothing.
    results = [0.0 if 0 in pair else pair[0] * pair[1] for pair in product(*before)]
    return min(results), max(results)


def _divided(node: NodeDef, before: Sequence[Bounds]) -> Bounds:
    low, high = before[1]
    return _times(node, [before[0], (1 / high, 1 / low)]) if low > 0 or high < 0 else _ANY


def _smaller(_: NodeDef, before: Sequence[Bounds]) -> Bounds:
    return min(low for low, _ in before), min(high for _, high in before)


def _larger(_: NodeDef, before: Sequence[Bounds]) -> Bounds:
    return max(low for low, _ in before), max(high for _, high in before)


def _clipped(node: NodeDef, before: Sequence[Bounds]) -> Bounds:
    inside, low, high = before
    return _smaller(node, [_larger(node, [inside, low]), high])


def _with_zeros(node: NodeDef, before: Sequence[Bounds]) -> Bounds:
    return _any_of(node, [before[0], (0.0, 0.0)])


_BOUNDS: dict[str, _Rule] = {
    "Relu": _rising(lambda value: max(value, 0.0)),
    "Relu6": _rising(lambda value: min(max(value, 0.0), 6.0)),
    "Sigmoid": _rising(_sigmoid),
    "Tanh": _rising(math.tanh),
    "Elu": _rising(_elu),
    "Selu": _rising(_selu),
    "Softplus": lambda _, before: (0.0, math.inf),
    "Softsign": _rising(_softsign),
    "LeakyRelu": _leaky,
    "Softmax": lambda _, before: (0.0, 1.0),
    "Erf": lambda _, before: (-1.0, 1.0),
    "Abs": lambda _, before: (0.0, math.inf),
    "Square": lambda _, before: (0.0, math.inf),
    "Neg": lambda _, before: (-before[0][1], -before[0][0]),
    "Add": _added,
    "AddV2": _added,
    "AddN": _added,
    "BiasAdd": _added,
    "Sub": _less,
    "Mul": _times,
    "RealDiv": _divided,
    "Div": _divided,
    "Minimum": _smaller,
    "Maximum": _larger,
    "ClipByValue": _clipped,
    "ConcatV2": _joined,
    "Pad": _with_zeros,
    **dict.fromkeys(
        ("Identity", "Reshape", "Squeeze", "ExpandDims", "Transpose", "MaxPool", "AvgPool", "Max",
         "Min", "Mean", "StridedSlice", "Slice", "GatherV2", "ResizeBilinear",
         "ResizeNearestNeighbor", "MirrorPad", "SpaceToDepth", "DepthToSpace", "ReverseV2"),
        _same,
    ),
}  # fmt: skip
"""What the bounds of an operation's first output are, of those of its inputs."""
