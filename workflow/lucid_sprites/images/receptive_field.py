"""The part of a picture that one position of a layer depends on."""

from dataclasses import dataclass

import tensorflow.compat.v1 as tf

# Each position of their outputs depends on the same position of their inputs.
_POINTWISE = {
    "Add", "AddV2", "BiasAdd", "Elu", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3",
    "Identity", "LRN", "LeakyRelu", "Maximum", "Minimum", "Mul", "Neg", "RealDiv", "Relu", "Relu6",
    "Selu", "Sigmoid", "Softplus", "Sub", "Tanh",
}  # fmt: skip
_CONVOLUTIONS = {"Conv2D", "DepthwiseConv2dNative"}
_POOLS = {"AvgPool", "MaxPool"}


@dataclass(frozen=True)
class Field:
    """Along one axis, position p of a layer depends on pixels p * stride + low to ... + high."""

    stride: int
    low: int
    high: int

    def edge(self, length: int) -> int:
        """Pixels of a crop that holds what any position depends on.

        It differs from the picture's `length` by whole strides, so that padding and strides fall in
        the crop as they do in the picture.
        """
        needed = self.high + 1 - self.low // self.stride * self.stride
        return min(length, needed + (length - needed) % self.stride)

    def start(self, position: int, length: int) -> int:
        """The first pixel of the crop for a position."""
        first = (position + self.low // self.stride) * self.stride
        return min(max(first, 0), length - self.edge(length))


Fields = tuple[Field, Field]
"""Down and across."""


def receptive_field(features: tf.Tensor, picture: tf.Tensor) -> Fields | None:
    """What the positions of `features` see; None where it is not the same for all or not known."""
    fields: dict[tf.Operation, Fields | None] = {picture.op: (Field(1, 0, 0), Field(1, 0, 0))}
    for op in picture.graph.get_operations():
        parents = [fields[tensor.op] for tensor in op.inputs if tensor.op in fields]
        if parents and op not in fields:
            known = [parent for parent in parents if parent is not None]
            fields[op] = _through(op, _joined(known)) if len(known) == len(parents) else None
    return fields.get(features.op)


def _joined(parents: list[Fields]) -> Fields | None:
    """The field of something that depends on all of these."""
    if len({tuple(field.stride for field in parent) for parent in parents}) > 1:
        return None
    down, across = (
        Field(fields[0].stride, min(f.low for f in fields), max(f.high for f in fields))
        for fields in zip(*parents, strict=True)
    )
    return down, across


def _through(op: tf.Operation, before: Fields | None) -> Fields | None:
    """The field of an op from that of its inputs."""
    if before is None:
        return None
    if op.type in _POINTWISE and not any(_differs_by_position(tensor) for tensor in op.inputs):
        return before
    if op.type == "ConcatV2" and tf.get_static_value(op.inputs[-1]) in (-1, 3):
        return before
    if op.type in _CONVOLUTIONS | _POOLS and op.get_attr("data_format") == b"NHWC":
        return _through_window(op, before)
    return None


def _differs_by_position(tensor: tf.Tensor) -> bool:
    """Whether a constant has values for places, which no crop would find."""
    shape = tensor.shape
    return bool(tensor.op.type == "Const" and shape.rank > 1 and shape[:-1].num_elements() > 1)


def _through_window(op: tf.Operation, before: Fields) -> Fields | None:
    lengths, padding = op.inputs[0].shape[1:3].as_list(), op.get_attr("padding")
    if None in lengths or padding == b"EXPLICIT":
        return None
    pools = op.type in _POOLS
    windows = op.get_attr("ksize")[1:3] if pools else op.inputs[1].shape[:2].as_list()
    gaps = (1, 1) if pools else op.get_attr("dilations")[1:3]
    strides = op.get_attr("strides")[1:3]
    after = []
    for field, length, window, gap, stride in zip(
        before, lengths, windows, gaps, strides, strict=True
    ):
        reach = (window - 1) * gap
        steps = -(-length // stride) - 1
        padded = max(steps * stride + reach + 1 - length, 0) // 2 if padding == b"SAME" else 0
        low, high = field.low - padded * field.stride, field.high + (reach - padded) * field.stride
        after.append(Field(field.stride * stride, low, high))
    return after[0], after[1]
