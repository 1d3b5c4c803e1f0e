"""Graphs whose pictures have their channels first (NCHW), rewritten with channels last.

Every tensor that comes channels first gets a twin with channels last: operations that can work on
the twins do; the others go on as they were, between transposes. A layer keeps its name on the twin.
"""

from collections.abc import Callable

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
# Position of an axis of a channels-first tensor in its channels-last twin.
_AXES = {0: 0, 1: 3, 2: 1, 3: 2, -4: 0, -3: 3, -2: 1, -1: 2}

_WITH_FORMAT = ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MaxPool", "AvgPool",
                "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "BiasAdd",
                "DepthToSpace", "SpaceToDepth")  # fmt: skip
_ELEMENTWISE = ("Identity", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign",
                "Sigmoid", "Tanh", "Abs", "Neg", "Exp", "Sqrt", "Rsqrt", "Square", "Erf", "Add",
                "AddV2", "AddN", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum", "Pow",
                "SquaredDifference", "StopGradient", "CheckNumerics", "FakeQuantWithMinMaxVars",
                "IdentityN", "Greater", "GreaterEqual", "Less", "LessEqual", "SelectV2", "Select",
                "Cast", "ZerosLike", "OnesLike")  # fmt: skip
_PADS = ("Pad", "PadV2", "MirrorPad")
_REDUCTIONS = ("Mean", "Sum", "Max", "Min", "Prod")
_CONCATS = ("ConcatV2",)


def picture_is_channels_first(graph: GraphDef, picture: str) -> bool:
    """Whether what reads the picture takes its second axis for the channels."""
    nodes, readers = topology.by_name(graph), topology.readers(graph)
    stack, seen = [picture], {picture}
    while stack:
        for reader in readers.get(stack.pop(0), []):
            if reader.op == "Transpose":
                permutation = _permutation(reader, nodes)
                if permutation in (_TO_LAST, _TO_FIRST):
                    return permutation == _TO_LAST
            if reader.op in _WITH_FORMAT:
                return _says_channels_first(reader)
            if reader.op in (*_ELEMENTWISE, *_PADS) and reader.name not in seen:
                seen.add(reader.name)
                stack.append(reader.name)
    return False


def convert(graph: GraphDef, picture: str, picture_first: bool) -> GraphDef:
    """The graph with channels last wherever that can be told.

    Args:
        graph: constants folded; its control inputs are not kept.
        picture: node that the picture is fed to; channels last in the result.
        picture_first: whether it has its channels first in `graph`.
    """
    turned = _is_turned_at_once(graph, picture)
    if not picture_first and not turned and not any(map(_says_channels_first, graph.node)):
        return graph
    return _Conversion(graph, picture, picture_first).graph()


def _is_turned_at_once(graph: GraphDef, picture: str) -> bool:
    """Whether the picture comes channels last, and the graph works on it channels first."""
    nodes = topology.by_name(graph)
    return any(
        reader.op == "Transpose" and _permutation(reader, nodes) == _TO_FIRST
        for reader in topology.readers(graph).get(picture, [])
    )


def _says_channels_first(node: NodeDef) -> bool:
    return node.attr["data_format"].s == b"NCHW" if "data_format" in node.attr else False


def _permutation(node: NodeDef, nodes: dict[str, NodeDef]) -> tuple[int, ...] | None:
    value = constants.value(node.input[1], nodes)
    return None if value is None else tuple(int(axis) for axis in value)


class _Conversion:
    """One pass over the graph, inputs first.

    `last` and `first` hold, for tensors that come channels first, the references of their two
    forms.
    """

    def __init__(self, graph: GraphDef, picture: str, picture_first: bool) -> None:
        self._source = graph
        self._nodes = topology.by_name(graph)
        self._picture_first = picture_first
        self._works_first = picture_first or _is_turned_at_once(graph, picture)
        self._dependent = topology.descendants(graph, picture)
        self._made: dict[str, NodeDef] = {}
        self._last: dict[str, str] = {}
        self._first: dict[str, str] = {}
        for node in topology.topological_order(graph):
            if node.name == picture and picture_first:
                self._keep(node)
                self._last[node.name] = node.name
            else:
                self._visit(node)

    def graph(self) -> GraphDef:
        """What was made."""
        return topology.with_nodes(self._source, self._made.values())

    def _visit(self, node: NodeDef) -> None:
        inputs = [_plain(reference) for reference in topology.data_inputs(node)]
        comes_first = any(reference in self._last for reference in inputs)
        if self._makes_picture(node):
            self._unconverted(node, inputs)
            return
        if not comes_first and not _says_channels_first(node):
            permutes = node.op == "Transpose" and _permutation(node, self._nodes) == _TO_FIRST
            if permutes:
                self._becomes(node, inputs[0])
            else:
                self._keep(node)
            return
        if node.op == "Transpose" and _permutation(node, self._nodes) == _TO_LAST:
            self._identity(node.name, self._last[inputs[0]])
            return
        converted = self._converted(node, inputs)
        if converted is None:
            self._unconverted(node, inputs)
        else:
            self._made[node.name] = converted
            if not self._loses_axes(node):
                self._last[node.name] = node.name

    def _makes_picture(self, node: NodeDef) -> bool:
        """A reshape to four axes in a graph that works on pictures with channels first."""
        if node.op != "Reshape" or not self._works_first or node.name not in self._dependent:
            return False
        shape = constants.value(node.input[1], self._nodes)
        return shape is not None and shape.size == 4

    def _loses_axes(self, node: NodeDef) -> bool:
        return node.op == "Shape" or (node.op in _REDUCTIONS and not node.attr["keep_dims"].b)

    def _becomes(self, node: NodeDef, source: str) -> None:
        """`node` brings channels first: its name is that of what it came from."""
        self._identity(node.name, source)
        self._last[node.name] = node.name

    def _identity(self, name: str, source: str) -> None:
        made = NodeDef(name=name, op="Identity", input=[source])
        made.attr["T"].type = self._nodes[name].attr["T"].type
        self._made[name] = made

    def _keep(self, node: NodeDef) -> None:
        kept = NodeDef()
        kept.CopyFrom(node)
        kept.input[:] = topology.data_inputs(node)
        self._made[node.name] = kept

    def _unconverted(self, node: NodeDef, inputs: list[str]) -> None:
        """As it was, on tensors with channels first; a twin takes over the name if it can."""
        self._keep(node)
        kept = self._made[node.name]
        kept.input[:] = [self._as_first(ref) if ref in self._last else ref for ref in inputs]
        if node.op in (*_ELEMENTWISE, *_WITH_FORMAT) or self._makes_picture(node):
            kept.name = f"{node.name}/channels_first"
            self._made[kept.name] = kept
            self._made[node.name] = self._transpose(node.name, kept.name, _TO_LAST, node)
            self._last[node.name], self._first[node.name] = node.name, kept.name

    def _as_first(self, reference: str) -> str:
        """The channels-first form of a tensor, made on demand."""
        if reference not in self._first:
            name = f"{reference.replace(':', '_output_')}/channels_first"
            like = self._nodes[topology.node_name(reference)]
            self._made[name] = self._transpose(name, self._last[reference], _TO_FIRST, like)
            self._first[reference] = name
        return self._first[reference]

    def _transpose(
        self, name: str, source: str, permutation: tuple[int, ...], like: NodeDef
    ) -> NodeDef:
        axes = constants.node(f"{name}/axes", np.array(permutation, np.int32))
        self._made[axes.name] = axes
        made = NodeDef(name=name, op="Transpose", input=[source, axes.name])
        made.attr["T"].type = (like.attr["T"] if "T" in like.attr else like.attr["dtype"]).type
        made.attr["Tperm"].type = axes.attr["dtype"].type
        return made

    def _converted(self, node: NodeDef, inputs: list[str]) -> NodeDef | None:
        """`node` on channels-last twins, or None if it cannot work on them."""
        convert = _CONVERTERS.get(node.op)
        if convert is None or (node.op in _WITH_FORMAT and not _says_channels_first(node)):
            return None
        made = NodeDef()
        made.CopyFrom(node)
        made.input[:] = [self._last.get(reference, reference) for reference in inputs]
        return made if convert(self, made, inputs) else None

    def _replace_constant(
        self, made: NodeDef, position: int, change: Callable[[np.ndarray], np.ndarray | None]
    ) -> bool:
        """Give `made` a changed constant for its input number `position`."""
        value = constants.value(made.input[position], self._nodes)
        changed = None if value is None else change(value)
        if changed is None:
            return False
        constant = constants.node(f"{made.name}/channels_last_{position}", changed)
        self._made[constant.name] = constant
        made.input[position] = constant.name
        return True

    def elementwise(self, made: NodeDef, inputs: list[str]) -> bool:
        """Constant operands are turned, too."""
        for position, reference in enumerate(inputs):
            if reference in self._last or self._is_single(reference):
                continue
            if not self._turn_operand(made, position):
                return False
        return True

    def _turn_operand(self, made: NodeDef, position: int) -> bool:
        """Give `made` a turned constant that is broadcast against channels-first tensors.

        Its numbers may be kept apart from the graph: it is turned when constants are folded.
        """
        sizes = constants.shape(made.input[position], self._nodes)
        if sizes is None:
            return False
        if np.prod(sizes) == 1:
            return self._replace_constant(made, position, lambda value: value.reshape(()))
        order = {3: (1, 2, 0), 4: _TO_LAST}.get(len(sizes))
        if order is None:
            return False
        name = f"{made.name}/channels_last_{position}"
        source = self._nodes[topology.node_name(made.input[position])]
        self._made[name] = self._transpose(name, made.input[position], order, source)
        made.input[position] = name
        return True

    def _is_single(self, reference: str) -> bool:
        value = constants.value(reference, self._nodes)
        return value is not None and value.ndim == 0

    def with_format(self, made: NodeDef, inputs: list[str]) -> bool:
        """Convolutions, pools and their like say themselves where the channels are."""
        if inputs[-1 if made.op == "Conv2DBackpropInput" else 0] not in self._last:
            made.input[-1 if made.op == "Conv2DBackpropInput" else 0] = self._turned_input(made)
        made.attr["data_format"].s = b"NHWC"
        for key in ("strides", "dilations", "ksize"):
            values = list(made.attr[key].list.i) if key in made.attr else []
            if len(values) == 4:
                made.attr[key].list.i[:] = [values[axis] for axis in _TO_LAST]
        has_pads = "explicit_paddings" in made.attr
        pads = list(made.attr["explicit_paddings"].list.i) if has_pads else []
        if len(pads) == 8:
            rows = np.reshape(pads, (4, 2))[list(_TO_LAST)]
            made.attr["explicit_paddings"].list.i[:] = [int(pad) for pad in rows.flat]
        if made.op == "Conv2DBackpropInput":
            return self._replace_constant(made, 0, lambda sizes: sizes[list(_TO_LAST)])
        return True

    def _turned_input(self, made: NodeDef) -> str:
        """An input that nobody has said to come channels first, but that is read so."""
        reference = made.input[-1 if made.op == "Conv2DBackpropInput" else 0]
        name = f"{made.name}/channels_last"
        self._made[name] = self._transpose(name, reference, _TO_LAST, made)
        return name

    def pad(self, made: NodeDef, inputs: list[str]) -> bool:
        """Rows of the paddings are axes."""
        return self._replace_constant(
            made, 1, lambda pads: pads[list(_TO_LAST)] if len(pads) == 4 else None
        )

    def reduction(self, made: NodeDef, inputs: list[str]) -> bool:
        """Over axes that must not leave a tensor in another order."""
        axes = constants.value(made.input[1], self._nodes)
        whole = axes is not None and set(np.ravel(axes) % 4) == {2, 3}
        if not whole and not made.attr["keep_dims"].b:
            return False
        return self._replace_constant(made, 1, _turned_axes)

    def shape(self, made: NodeDef, inputs: list[str]) -> bool:
        """Sizes in the order that they have channels first."""
        measured = NodeDef()
        measured.CopyFrom(made)
        measured.name = f"{made.name}/channels_last"
        order = constants.node(f"{made.name}/order", np.array(_TO_FIRST, np.int32))
        axis = constants.node(f"{made.name}/axis", np.array(0, np.int32))
        for node in (measured, order, axis):
            self._made[node.name] = node
        kind = made.attr["out_type"].type or tf.int32.as_datatype_enum
        made.op = "GatherV2"
        made.input[:] = [measured.name, order.name, axis.name]
        made.attr.clear()
        made.attr["Tparams"].type = kind
        made.attr["Tindices"].type = made.attr["Taxis"].type = order.attr["dtype"].type
        return True

    def part(self, made: NodeDef, inputs: list[str]) -> bool:
        """A slice with a beginning, end and step for each axis."""
        masks = ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
        sizes = [constants.shape(reference, self._nodes) for reference in inputs[1:]]
        if sizes != [[4]] * 3 or any(made.attr[mask].i for mask in masks if mask in made.attr):
            return False
        for mask in ("begin_mask", "end_mask"):
            bits = made.attr[mask].i
            made.attr[mask].i = sum(1 << position for position, axis in enumerate(_TO_LAST)
                                    if bits >> axis & 1)  # fmt: skip
        turn = [self._replace_constant(made, position, lambda value: value[list(_TO_LAST)])
                for position in (1, 2, 3)]  # fmt: skip
        return all(turn)

    def concat(self, made: NodeDef, inputs: list[str]) -> bool:
        """All parts channels first."""
        if any(reference not in self._last for reference in inputs[:-1]):
            return False
        return self._replace_constant(made, len(inputs) - 1, _turned_axes)


_CONVERTERS: dict[str, Callable[[_Conversion, NodeDef, list[str]], bool]] = {
    **dict.fromkeys(_ELEMENTWISE, _Conversion.elementwise),
    **dict.fromkeys(_WITH_FORMAT, _Conversion.with_format),
    **dict.fromkeys(_PADS, _Conversion.pad),
    **dict.fromkeys(_REDUCTIONS, _Conversion.reduction),
    **dict.fromkeys(_CONCATS, _Conversion.concat),
    "Shape": _Conversion.shape,
    "StridedSlice": _Conversion.part,
}


def _turned_axes(axes: np.ndarray) -> np.ndarray:
    return np.array([_AXES[int(axis)] for axis in np.ravel(axes)], axes.dtype).reshape(axes.shape)


def _plain(reference: str) -> str:
    """`a` for `a:0`."""
    return reference.removesuffix(":0")
