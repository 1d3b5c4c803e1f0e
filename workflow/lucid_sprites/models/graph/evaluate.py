"""Values of the constant parts of a graph, whose sizes are known before anything is computed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites import tensorflow_start
from lucid_sprites.models.graph import topology
from lucid_sprites.models.graph.large_constants import Weights, value
from lucid_sprites.models.graph.node_check import LARGEST_TENSOR

# Nothing is constant through more operations than this, one after another.
_DEEPEST = 500
# Numbers in all results together.
_MOST_NUMBERS = 4 * LARGEST_TENSOR
# Shapes follow from the values of small tensors only.
_SMALL = 1 << 10
_ERRORS = (ValueError, TypeError, tf.errors.OpError)


@dataclass(frozen=True)
class Evaluated:
    """Constant tensors.

    Attributes:
        values: by reference.
        refused: why a node was not computed, by name; what needs it was not, either.
    """

    values: dict[str, np.ndarray]
    refused: dict[str, str]


def evaluate(
    graph: GraphDef, references: Iterable[str], weights: Weights = MappingProxyType({})
) -> Evaluated:
    """Values of tensors of `constants.constant_nodes`; `weights` are kept apart from `graph`.

    All that can be computed next is computed at once, from values alone, so that the sizes of all
    results are known before one is made.
    """
    references = sorted(set(references))
    evaluation = _Evaluation(graph, references, weights)
    for _ in range(_DEEPEST):
        if not evaluation.advance():
            break
    values = evaluation.values
    by_reference = {ref: values[_numbered(ref)] for ref in references if _numbered(ref) in values}
    too_deep = {node.name: "is constant by too long a way" for node in evaluation.waiting}
    return Evaluated(by_reference, evaluation.refused | too_deep)


def _numbered(reference: str) -> str:
    return f"{topology.node_name(reference)}:{topology.output_number(reference)}"


class _Evaluation:
    """Nodes with values, and those that wait for them."""

    def __init__(self, graph: GraphDef, references: Sequence[str], weights: Weights) -> None:
        self._empty = topology.with_nodes(graph, ())
        self._weights = weights
        self._left = _MOST_NUMBERS
        needed = topology.ancestors(graph, map(topology.node_name, references))
        self.waiting = [node for node in topology.topological_order(graph) if node.name in needed]
        read = [ref for node in self.waiting for ref in topology.data_inputs(node)]
        self._wanted = set(map(_numbered, [*read, *references]))
        self.values: dict[str, np.ndarray] = {}
        self.refused: dict[str, str] = {}

    def advance(self) -> bool:
        """Compute what all inputs are known of; False if there is no such node."""
        ready, waiting = [], []
        for node in self.waiting:
            inputs = topology.data_inputs(node)
            if all(_numbered(reference) in self.values for reference in inputs):
                ready.append(node)
            elif not any(topology.node_name(reference) in self.refused for reference in inputs):
                waiting.append(node)
            else:
                self.refused[node.name] = "needs what is not computed"
        self.waiting = waiting
        self._read([node for node in ready if node.op == "Const"])
        self._compute([node for node in ready if node.op not in ("Const", "NoOp")])
        return bool(ready)

    def _read(self, nodes: list[NodeDef]) -> None:
        for node in nodes:
            self.values[f"{node.name}:0"] = value(node, self._weights)

    def _compute(self, nodes: list[NodeDef]) -> None:
        try:
            self._run(nodes)
        except _ERRORS:
            for node in nodes:
                self._try(node)

    def _try(self, node: NodeDef) -> None:
        try:
            self._run([node])
        except _ERRORS as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            self.refused[node.name] = f"fails: {lines[0][:200]}"

    def _run(self, nodes: list[NodeDef]) -> None:
        """Compute nodes side by side, but for those whose results would be too large."""
        if not nodes:
            return
        read = {_numbered(ref) for node in nodes for ref in topology.data_inputs(node)}
        with tf.Graph().as_default() as imported:
            sources = {ref: _source(self.values[ref]) for ref in sorted(read)}
            tf.import_graph_def(self._side_by_side(nodes), input_map=sources, name="")
            operations = [imported.get_operation_by_name(node.name) for node in nodes]
            fetches = [tensor for operation in operations for tensor in self._fitting(operation)]
            feed = {t: self.values[ref] for ref, t in sources.items() if t.op.type != "Const"}
            with tf.Session(config=tensorflow_start.session_config()) as session:
                results = session.run(fetches, feed)
        self.values |= {t.name: result for t, result in zip(fetches, results, strict=True)}

    def _side_by_side(self, nodes: list[NodeDef]) -> GraphDef:
        """Nodes without what only orders them."""
        graph = topology.with_nodes(self._empty, nodes)
        for node in graph.node:
            node.input[:] = topology.data_inputs(node)
        return graph

    def _fitting(self, operation: tf.Operation) -> list[tf.Tensor]:
        """The outputs of an operation that are wanted, if there is room for them."""
        tensors = [tensor for tensor in operation.outputs if tensor.name in self._wanted]
        sizes = [_numbers(tensor) for tensor in tensors]
        if max(sizes, default=0) <= LARGEST_TENSOR and sum(sizes) <= self._left:
            self._left -= sum(sizes)
            return tensors
        self.refused[operation.name] = (
            f"would have {max(sizes):.3g} numbers; at most {LARGEST_TENSOR:.3g} are computed, "
            f"{_MOST_NUMBERS:.3g} in all"
        )
        return []


def _source(value: np.ndarray) -> tf.Tensor:
    if value.size <= _SMALL:
        return tf.constant(value)
    kind = tf.string if value.dtype.kind in "OSU" else tf.as_dtype(value.dtype)
    return tf.placeholder(kind, value.shape)


def _numbers(tensor: tf.Tensor) -> int:
    """How large a tensor gets; where its values decide, it is no larger than what it is made of."""
    return prod(size or 1 for size in tensor.shape.as_list()) if tensor.shape.rank else 1
