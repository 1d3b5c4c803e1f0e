"""Grouped convolutions, made of plain and depthwise ones.

TensorFlow has no gradient of grouped ones on every processor, and the engine's convolutions know
none.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology
from lucid_sprites.models.graph.shapes import Shape

# Narrow convolutions leave a processor idle: neighbouring groups become one convolution, with zeros
# between them, up to so many channels.
_WIDE = 128
# Axis of the channels of pictures, and of the outputs of kernels.
_CHANNELS = 3


def ungroup(
    graph: GraphDef, shapes: Mapping[str, Shape | None]
) -> tuple[GraphDef, dict[str, list[str]]]:
    """The graph without grouped convolutions; the same object where there are none.

    Args:
        graph: channels last, constants folded.
        shapes: static shapes of its nodes.

    Returns:
        the graph, and the nodes that those which became several are made of, by name.
    """
    nodes = topology.by_name(graph)
    changed: list[NodeDef] = []
    parts: dict[str, list[str]] = {}
    for node in graph.node:
        groups = _groups(node, nodes, shapes)
        if groups == 1:
            changed.append(node)
            continue
        made = _Grouped(node, nodes, groups).nodes()
        changed += made
        if made[-1].op == "ConcatV2":
            parts[node.name] = [part.name for part in made[:-1]]
    if len(changed) == len(graph.node):
        return graph, parts
    return topology.with_nodes(graph, changed), parts


def _groups(node: NodeDef, nodes: dict[str, NodeDef], shapes: Mapping[str, Shape | None]) -> int:
    """In how many groups a node convolves its channels; 1 for every other node."""
    if node.op != "Conv2D" or node.attr["data_format"].s not in (b"", b"NHWC"):
        return 1
    kernel = constants.shape(node.input[1], nodes)
    pictures = shapes.get(topology.node_name(node.input[0]))
    if topology.output_number(node.input[0]) or kernel is None or len(kernel) != 4:
        return 1
    depth = pictures[3] if pictures is not None and len(pictures) == 4 else None
    groups = depth // kernel[2] if depth and kernel[2] and depth % kernel[2] == 0 else 1
    return groups if groups and kernel[3] % groups == 0 else 1


class _Grouped:
    """A grouped convolution, and the nodes that take its place."""

    def __init__(self, node: NodeDef, nodes: dict[str, NodeDef], groups: int) -> None:
        self._node, self._groups = node, groups
        self._shape = constants.shape(node.input[1], nodes) or []
        self._made: list[NodeDef] = []

    def nodes(self) -> list[NodeDef]:
        """Inputs first; the last one has the name of the convolution."""
        if self._shape[2] == 1 and self._is_even():
            self._depthwise()
        else:
            self._joined()
        return self._made

    def _is_even(self) -> bool:
        """Whether a depthwise convolution can do it on every processor."""
        strides, dilations = (list(self._node.attr[key].list.i) for key in ("strides", "dilations"))
        return len(set(strides[1:3])) == 1 and set(dilations) <= {1}

    def _depthwise(self) -> None:
        height, width, _, depth = self._shape
        shape = self._constant("shape", [height, width, self._groups, depth // self._groups])
        kernel = self._add("Reshape", "kernel", [self._node.input[1], shape], Tshape=tf.int32)
        pictures = self._node.input[0]
        made = NodeDef(name=self._node.name, op="DepthwiseConv2dNative")
        for key in ("T", "strides", "padding", "data_format"):
            if key in self._node.attr:
                made.attr[key].CopyFrom(self._node.attr[key])
        if self._node.attr["padding"].s == b"EXPLICIT":
            # With explicit padding TensorFlow's inference of shapes ends the process.
            pictures = self._padded(pictures)
            made.attr["padding"].s = b"VALID"
        made.input[:] = [pictures, kernel]
        self._made.append(made)

    def _padded(self, pictures: str) -> str:
        margins = np.array(self._node.attr["explicit_paddings"].list.i).reshape(4, 2)
        paddings = self._constant("paddings", margins)
        return self._add("Pad", "padded", [pictures, paddings], Tpaddings=tf.int32)

    def _joined(self) -> None:
        groups_of_part = max(1, min(self._groups, _WIDE // self._shape[2]))
        while self._groups % groups_of_part:
            groups_of_part -= 1
        parts = self._groups // groups_of_part
        pictures = self._split("picture", self._node.input[0], parts)
        kernels = self._split("kernel", self._node.input[1], self._groups)
        outputs = []
        for part in range(parts):
            first = part * groups_of_part
            kernel = self._diagonal(part, kernels[first : first + groups_of_part])
            name = f"{self._node.name}/convolution{part}" if parts > 1 else self._node.name
            outputs.append(self._convolution(name, pictures[part], kernel))
        if parts > 1:
            self._join(self._node.name, outputs)

    def _split(self, name: str, tensor: str, parts: int) -> list[str]:
        if parts == 1:
            return [tensor]
        made = self._add("Split", name, [self._constant(f"{name}/axis", _CHANNELS), tensor])
        self._made[-1].attr["num_split"].i = parts
        return [f"{made}:{part}" if part else made for part in range(parts)]

    def _diagonal(self, part: int, kernels: list[str]) -> str:
        """One kernel of several, each with zeros where the inputs of the others are."""
        if len(kernels) == 1:
            return kernels[0]
        padded = []
        for number, kernel in enumerate(kernels):
            before, after = (self._shape[2] * n for n in (number, len(kernels) - 1 - number))
            name = f"part{part}_{number}"
            margins = [[0, 0], [0, 0], [before, after], [0, 0]]
            paddings = self._constant(f"{name}/paddings", margins)
            padded.append(self._add("Pad", name, [kernel, paddings], Tpaddings=tf.int32))
        return self._join(f"{self._node.name}/kernel{part}", padded)

    def _convolution(self, name: str, pictures: str, kernel: str) -> str:
        made = NodeDef()
        made.CopyFrom(self._node)
        made.name = name
        made.input[:] = [pictures, kernel]
        self._made.append(made)
        return name

    def _join(self, name: str, tensors: list[str]) -> str:
        made = NodeDef(name=name, op="ConcatV2")
        made.input[:] = [*tensors, self._constant(f"{name.rpartition('/')[2]}/axis", _CHANNELS)]
        made.attr["T"].CopyFrom(self._node.attr["T"])
        made.attr["Tidx"].type = tf.int32.as_datatype_enum
        made.attr["N"].i = len(tensors)
        self._made.append(made)
        return name

    def _constant(self, name: str, value: object) -> str:
        full_name = f"{self._node.name}/{name}"
        self._made.append(constants.node(full_name, np.array(value, np.int32)))
        return full_name

    def _add(self, op: str, name: str, inputs: list[str], **types: tf.DType) -> str:
        full_name = f"{self._node.name}/{name}"
        made = NodeDef(name=full_name, op=op, input=inputs)
        made.attr["T"].CopyFrom(self._node.attr["T"])
        for key, dtype in types.items():
            made.attr[key].type = dtype.as_datatype_enum
        self._made.append(made)
        return full_name
