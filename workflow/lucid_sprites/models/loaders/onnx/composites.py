"""Layers that exporters write in several operators: linear layers with a bias, written-out
normalizations, shuffled channels.

Where channels have to stay last, one operator takes the place of several; elsewhere they stay, and
all but the last one count as parts of it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx

Constants = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Composite:
    """A layer made of several nodes.

    Attributes:
        kind: operator that it amounts to.
        parts: outputs of the nodes inside it, by which these are known.
    """

    kind: str
    parts: tuple[str, ...]


@dataclass
class Graph:
    """The nodes of a graph, and who makes and reads what.

    Attributes:
        nodes: inputs first.
        constants: by name.
        ends: what the graph gives.
        composites: by the first output of their last node.
    """

    nodes: list[onnx.NodeProto]
    constants: Constants
    ends: frozenset[str]
    composites: dict[str, Composite] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.makers = {output: node for node in self.nodes for output in node.output if output}
        self.reads = Counter(name for node in self.nodes for name in reads_of(node))

    def maker(self, name: str, *kinds: str) -> onnx.NodeProto | None:
        """The node that makes a tensor, if it is one of `kinds`."""
        node = self.makers.get(name)
        return node if node is not None and node.op_type in kinds else None

    def inner(self, name: str, *kinds: str) -> onnx.NodeProto | None:
        """The same, if nothing else reads the tensor."""
        is_inner = self.reads[name] == 1 and name not in self.ends
        return self.maker(name, *kinds) if is_inner else None

    def constant(self, name: str) -> np.ndarray | None:
        """A constant, also behind an Identity; of damaged ones nothing."""
        node = self.makers.get(name)
        if node is None:
            return self.constants.get(name)
        if node.op_type == "Identity" and node.input[0] not in self.makers:
            return self.constants.get(node.input[0])
        values = [a.t for a in node.attribute if a.name == "value"]
        return _array(values[0]) if node.op_type == "Constant" and values else None

    def numbers(self, name: str) -> list[float] | None:
        """The numbers of a small constant."""
        value = self.constant(name)
        return None if value is None or value.size > 16 else value.reshape(-1).tolist()

    def operands(self, node: onnx.NodeProto) -> tuple[str, str] | None:
        """(varying, constant) operand of a binary node."""
        for varying, other in (node.input[:2], node.input[1::-1]):
            if self.constant(other) is not None and self.constant(varying) is None:
                return varying, other
        return None


def _array(tensor: onnx.TensorProto) -> np.ndarray | None:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        return None
    try:
        return onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError):
        return None


def reads_of(node: onnx.NodeProto) -> list[str]:
    """What a node reads, also in the graphs inside it."""
    inside = [n for attribute in node.attribute for n in attribute.g.node]
    ends = [o.name for attribute in node.attribute for o in attribute.g.output]
    return [*filter(None, node.input), *ends, *(name for n in inside for name in reads_of(n))]


def _needed(nodes: list[onnx.NodeProto], ends: frozenset[str]) -> list[onnx.NodeProto]:
    """The nodes that `ends` need."""
    wanted, kept = set(ends), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(reads_of(node))
            kept.append(node)
    return kept[::-1]


def find(graph: Graph) -> Graph:
    """The graph with its composite layers known."""
    replaced = {}
    for node in graph.nodes:
        for match in _REPLACEMENTS.get(node.op_type, ()):
            made = match(graph, node)
            if made is not None:
                replaced[node.output[0]] = made
    nodes = [replaced.get(node.output[0], node) if node.output else node for node in graph.nodes]
    whole = Graph(_needed(nodes, graph.ends), graph.constants, graph.ends)
    parts: set[str] = set()
    # From the last node on: what is inside a composite is none of its own.
    for node in reversed(whole.nodes):
        if not parts.intersection(node.output):
            composite = _composite(whole, node)
            if composite is not None:
                whole.composites[node.output[0]] = composite
                parts.update(composite.parts)
    return whole


def _composite(graph: Graph, node: onnx.NodeProto) -> Composite | None:
    matches = (match(graph, node) for match in _PATTERNS.get(node.op_type, ()))
    return next((match for match in matches if match is not None), None)


def _linear(graph: Graph, node: onnx.NodeProto) -> Composite | None:
    """A product with weights, plus a bias."""
    operands = graph.operands(node)
    product = operands and graph.inner(operands[0], "MatMul")
    bias = graph.constant(operands[1]) if operands else None
    if not product or bias is None or bias.ndim > 1:
        return None
    return Composite("MatMul", (product.output[0],))


def _affine_norm(graph: Graph, node: onnx.NodeProto) -> Composite | None:
    """A normalization by groups with a factor and a shift for each channel."""
    operands = graph.operands(node)
    scaled = operands and graph.inner(operands[0], "Mul")
    factors = scaled and graph.operands(scaled)
    norm = factors and graph.inner(factors[0], "GroupNormalization", "InstanceNormalization")
    if not norm or not scaled:
        return None
    return Composite(norm.op_type, (norm.output[0], scaled.output[0]))


def _written_layer_norm(graph: Graph, node: onnx.NodeProto) -> Composite | None:
    """Less the mean, divided by the deviation, mostly times a factor and plus a shift."""
    parts, last = [], node
    for kind in ("Add", "Mul"):
        if last.op_type != kind:
            continue
        operands = graph.operands(last)
        inside = operands and graph.inner(operands[0], "Mul" if kind == "Add" else "Div", "Div")
        if not inside:
            return None
        parts.append(inside.output[0])
        last = inside
    standardized = _standardization(graph, last) if last.op_type == "Div" else None
    return Composite("LayerNormalization", (*parts, *standardized)) if standardized else None


def _standardization(graph: Graph, quotient: onnx.NodeProto) -> tuple[str, ...] | None:
    """The nodes of (x - mean) / sqrt(variance + epsilon)."""
    centred = graph.maker(quotient.input[0], "Sub")
    root = graph.inner(quotient.input[1], "Sqrt")
    shifted = root and graph.inner(root.input[0], "Add")
    operands = shifted and graph.operands(shifted)
    variance = operands and graph.inner(operands[0], "ReduceMean")
    square = variance and graph.inner(variance.input[0], "Pow", "Mul")
    mean = graph.inner(centred.input[1], "ReduceMean") if centred is not None else None
    if not (centred and root and shifted and variance and square and mean):
        return None
    if square.input[0] != centred.output[0]:
        # Some write the difference twice.
        return None
    if mean.input[0] != centred.input[0]:
        return None
    return tuple(n.output[0] for n in (centred, root, shifted, variance, square, mean))


def _group_norm(graph: Graph, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Reshape to groups, InstanceNormalization, and back: group normalization."""
    norm = graph.inner(node.input[0], "InstanceNormalization")
    apart = graph.inner(norm.input[0], "Reshape") if norm is not None else None
    if not norm or not apart or not _brings_back(graph, node, apart.input[0]):
        return None
    sizes, factors, shifts = (
        graph.numbers(name) for name in (apart.input[1], norm.input[1], norm.input[2])
    )
    if factors is None or set(factors) != {1.0} or shifts is None or set(shifts) != {0.0}:
        return None
    if not sizes or len(sizes) != 3 or sizes[1] < 1:
        return None
    made = onnx.NodeProto()
    made.CopyFrom(node)
    made.op_type = "GroupNormalization"
    made.input[:] = [apart.input[0]]
    del made.attribute[:]
    made.attribute.add(name="num_groups", type=onnx.AttributeProto.INT, i=int(sizes[1]))
    made.attribute.extend(a for a in norm.attribute if a.name == "epsilon")
    return made


def _brings_back(graph: Graph, node: onnx.NodeProto, source: str) -> bool:
    """Whether a reshape gives a picture the shape that `source` has."""
    shape = graph.maker(node.input[1], "Shape")
    if shape is not None:
        return bool(shape.input[0] == source)
    sizes = graph.numbers(node.input[1])
    return sizes is not None and len(sizes) == 4


def _channel_shuffle(graph: Graph, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Channels apart in groups, groups and channels swapped, and together again."""
    swap = graph.inner(node.input[0], "Transpose")
    orders = [list(a.ints) for a in swap.attribute if a.name == "perm"] if swap else []
    if not swap or orders != [[0, 2, 1, 3, 4]]:
        return None
    apart = graph.inner(swap.input[0], "Reshape")
    sizes = graph.numbers(apart.input[1]) if apart is not None else None
    back = graph.numbers(node.input[1])
    if not apart or not sizes or not back:
        return None
    if len(sizes) != 5 or len(back) != 4 or min(sizes[1:3]) < 1:
        return None
    if back[1] not in (-1, sizes[1] * sizes[2]):
        return None
    made = onnx.NodeProto()
    made.CopyFrom(node)
    made.op_type = "ChannelShuffle"
    made.input[:] = [apart.input[0]]
    del made.attribute[:]
    made.attribute.add(name="groups", type=onnx.AttributeProto.INT, i=int(sizes[1]))
    return made


_Replacement = Callable[[Graph, onnx.NodeProto], onnx.NodeProto | None]
_Pattern = Callable[[Graph, onnx.NodeProto], Composite | None]

_REPLACEMENTS: dict[str, tuple[_Replacement, ...]] = {"Reshape": (_group_norm, _channel_shuffle)}
_PATTERNS: dict[str, tuple[_Pattern, ...]] = {
    "Add": (_linear, _affine_norm, _written_layer_norm),
    "Mul": (_written_layer_norm,),
    "Div": (_written_layer_norm,),
}
