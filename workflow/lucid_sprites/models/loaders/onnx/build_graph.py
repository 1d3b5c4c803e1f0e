"""From the graph of an ONNX file to a TensorFlow graph with the same layers."""

from dataclasses import dataclass

import numpy as np
import onnx
import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.onnx import composites, host, names
from lucid_sprites.models.loaders.onnx.inputs import Input
from lucid_sprites.models.loaders.onnx.missing_operators import why_not
from lucid_sprites.models.loaders.onnx.operator import (
    IMPORTERS,
    Operator,
    Setting,
    Value,
    describe,
)
from lucid_sprites.models.loaders.onnx.operators import (  # noqa: F401, to be known
    activation,
    convolution,
    elementwise,
    indexing,
    linear,
    normalization,
    pooling,
    reduction,
    resize,
    shape,
)
from lucid_sprites.models.loaders.onnx.sizes import UnknownSize, numbers_for_one_picture

# A gigabyte in float32: more than any layer of a network has for one picture.
_MOST_NUMBERS = 1 << 28
_CONVOLUTIONS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True)
class Built:
    """A graph that was built.

    Attributes:
        graph: with all its weights.
        kinds: of its layers, by name.
        left_out: what was not imported, and why, as text.
    """

    graph: GraphDef
    kinds: dict[str, str]
    left_out: list[str]


class Builder:
    """Builds one graph; everything happens in TensorFlow's default graph."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._values: dict[str, Value] = {}
        self._varying: set[str] = set()
        self._missing: dict[str, str] = {}
        self._lost: list[tuple[onnx.NodeProto, str]] = []
        self.kinds: dict[str, str] = {}
        self.left_out: list[str] = []

    def add_inputs(self, inputs: list[Input]) -> None:
        """Placeholders."""
        for graph_input in inputs:
            self._values[graph_input.name] = graph_input.placeholder()
        self._varying.update(graph_input.name for graph_input in inputs if graph_input.is_picture)

    def add_graph(self, graph: onnx.GraphProto, weights: composites.Constants) -> None:
        """All nodes of a graph, with its weights.

        Raises:
            UserError: a node that cannot be imported, and that convolutions depend on.
        """
        self._values |= weights
        ends = frozenset(output.name for output in graph.output)
        recognized = composites.find(composites.Graph(list(graph.node), weights, ends))
        titles = self._titles(recognized)
        for node in recognized.nodes:
            self._add(node, titles[id(node)], recognized)
        for node, why in self._lost:
            if node.op_type in _CONVOLUTIONS:
                raise UserError(f"{self._setting.file}: {why}")

    def _titles(self, graph: composites.Graph) -> dict[int, str]:
        """A name for each node, once only; parts of a layer are named after it."""
        titles: dict[int, str] = {}
        owners: dict[str, str] = {}
        unique = tf.compat.v1.get_default_graph().unique_name
        for node in graph.nodes:
            composite = graph.composites.get(node.output[0] if node.output else "")
            label = _label(composite.kind if composite else node.op_type)
            if composite:
                titles[id(node)] = unique(names.layer(node, label, graph.reads))
                owners |= {part: titles[id(node)] for part in composite.parts}
        for node in graph.nodes:
            if id(node) in titles:
                continue
            owner = owners.get(node.output[0] if node.output else "")
            wanted = names.layer(node, _label(node.op_type), graph.reads)
            title = names.allowed(f"{owner}/{node.op_type}") if owner else wanted
            titles[id(node)] = unique(title)
        return titles

    def _add(self, node: onnx.NodeProto, title: str, graph: composites.Graph) -> None:
        unknown = [name for name in node.input if name and name not in self._values]
        reasons = [self._missing[name] for name in unknown if name in self._missing]
        if unknown and not reasons:
            raise UserError(
                f"{self._setting.file}: {describe(node)} reads {unknown[0]!r}, which nothing "
                "before it gives: the graph has a cycle, or was cut badly; export it again"
            )
        if reasons:
            self._lose(node, reasons[0])
            return
        if node.op_type == "If":
            self._branch(node)
            return
        why = why_not(node)
        if why is not None:
            self.left_out.append(f"{describe(node)}: {why}")
            self._lose(node, f"{describe(node)}: {why}")
            return
        inputs = [self._values[name] if name else None for name in node.input]
        outputs = self._written(Operator(node, title, inputs, self._setting))
        self._keep(node, outputs)
        self._note_layer(node, title, graph)

    def _lose(self, node: onnx.NodeProto, why: str) -> None:
        """Nothing that needs this node can be imported."""
        self._lost.append((node, why))
        self._missing |= {name: why for name in node.output if name}

    def _written(self, operator: Operator) -> list[Value]:
        """The outputs of an operator."""
        try:
            known = host.computed(operator)
            if known is not None:
                return [known]
            with tf.name_scope(operator.result):
                made = IMPORTERS[operator.kind].write(operator)
        except UnknownSize:
            operator.refuse(
                "sizes that it needs are not known before a run; export the model with a fixed "
                "height and width"
            )
        # TensorFlow, numpy and the operator's own arithmetic raise these for damaged attributes.
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
            operator.refuse(f"its inputs or attributes do not fit: {reason}")
        outputs: list[Value] = list(made) if isinstance(made, list | tuple) else [made]
        for output in outputs:
            self._check_size(operator, output)
        return outputs

    def _check_size(self, operator: Operator, output: Value) -> None:
        if isinstance(output, np.ndarray):
            return
        numbers = numbers_for_one_picture(output)
        if numbers > _MOST_NUMBERS:
            operator.refuse(
                f"it makes a tensor of {numbers} numbers for one picture, more than {_MOST_NUMBERS}"
            )

    def _keep(self, node: onnx.NodeProto, outputs: list[Value]) -> None:
        wanted = list(node.output)
        if len(outputs) < len(wanted) and any(wanted[len(outputs) :]):
            # Second outputs of dropout and batch norm are for training.
            self._missing |= dict.fromkeys(
                wanted[len(outputs) :], f"{describe(node)}: only its first output is supported"
            )
        varies = any(name in self._varying for name in node.input)
        for name, value in zip(wanted, outputs, strict=False):
            if not name:
                continue
            if name in self._values:
                raise UserError(
                    f"{self._setting.file}: {describe(node)} gives {name!r}, which something else "
                    "gives, too; export the model again"
                )
            self._values[name] = value
            if varies and isinstance(value, tf.Tensor) and value.dtype.is_floating:
                self._varying.add(name)

    def _note_layer(self, node: onnx.NodeProto, title: str, graph: composites.Graph) -> None:
        """What a node makes is a layer if it varies with the picture."""
        output = node.output[0] if node.output else ""
        composite = graph.composites.get(output)
        inside = any(output in other.parts for other in graph.composites.values())
        kind = IMPORTERS[composite.kind if composite else node.op_type].kind
        if kind is None or inside or output not in self._varying:
            return
        varying = sum(name in self._varying for name in node.input)
        if node.op_type in ("MatMul", "Gemm") and varying > 1:
            return
        if not composite and node.op_type in ("Add", "Sum") and varying < 2:
            return
        self.kinds[title] = kind

    def _branch(self, node: onnx.NodeProto) -> None:
        """The branch of an If whose condition is known."""
        condition = self._values[node.input[0]]
        if not isinstance(condition, np.ndarray) or condition.dtype == object:
            why = (
                f"{describe(node)}: a branch that depends on the picture is not supported; export "
                "the model without it, or with fixed sizes"
            )
            self.left_out.append(why)
            self._lose(node, why)
            return
        wanted = "then_branch" if condition.reshape(-1)[0] else "else_branch"
        branch = next((a.g for a in node.attribute if a.name == wanted), None)
        if branch is None or len(branch.output) != len(node.output):
            raise UserError(f"{self._setting.file}: {describe(node)} has no {wanted}")
        outer = dict(self._values)
        weights = {tensor.name: self._setting.read(tensor) for tensor in branch.initializer}
        self.add_graph(branch, weights)
        made = [self._values.get(output.name) for output in branch.output]
        varying = [output.name in self._varying for output in branch.output]
        self._values = outer
        for name, value, varies in zip(node.output, made, varying, strict=True):
            if value is None:
                raise UserError(f"{self._setting.file}: {describe(node)}: {name!r} is not given")
            self._values[name] = value
            if varies:
                self._varying.add(name)


def _label(kind: str) -> str:
    return IMPORTERS[kind].label if kind in IMPORTERS else kind


def build(
    graph: onnx.GraphProto, weights: composites.Constants, inputs: list[Input], setting: Setting
) -> Built:
    """The TensorFlow graph of an ONNX graph, whose weights are given by name.

    Raises:
        UserError: something in it cannot be imported.
    """
    with tf.Graph().as_default() as made:
        builder = Builder(setting)
        builder.add_inputs(inputs)
        builder.add_graph(graph, weights)
        whole = setting.weights.attached(_for_any_batch(made.as_graph_def(), inputs))
    return Built(whole, builder.kinds, builder.left_out)


def _for_any_batch(graph: GraphDef, inputs: list[Input]) -> GraphDef:
    """Placeholders take any number of pictures."""
    names_of_inputs = {graph_input.node for graph_input in inputs}
    for node in graph.node:
        if node.name in names_of_inputs and node.attr["shape"].shape.dim:
            dims = node.attr["shape"].shape.dim
            dims[0].size = -1 if len(dims) == 4 else dims[0].size
    return graph
