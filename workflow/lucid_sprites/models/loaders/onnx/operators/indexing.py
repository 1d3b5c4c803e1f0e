"""Parts of tensors, and tensors put together."""

from itertools import pairwise

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx.operator import Operator, Value, importer
from lucid_sprites.models.loaders.onnx.operators.window import padded
from lucid_sprites.models.loaders.onnx.sizes import BATCH, sizes_of, vector

raw = tf.raw_ops

_MOST_PADDING = 4096
_END = np.iinfo(np.int64).max // 2


@importer("Concat", layer="merge")
def concat(operator: Operator) -> tf.Tensor:
    """Concat; what is there for one picture is given to every picture."""
    axis, positions = operator.axis(0), range(len(operator.inputs))
    tensors = [operator.tensor(position) for position in positions]
    if axis != 0:
        tensors = _for_every_picture(tensors)
    if len(tensors) == 1:
        return tensors[0]
    return raw.ConcatV2(values=tensors, axis=tf.constant(axis), name=operator.result)


def _for_every_picture(tensors: list[tf.Tensor]) -> list[tf.Tensor]:
    batches = [tensor for tensor in tensors if _pictures(tensor)]
    if not batches:
        return tensors
    number = sizes_of(batches[0])[0]
    return [
        raw.BroadcastTo(input=tensor, shape=vector([number, *sizes_of(tensor)[1:]]))
        if not _pictures(tensor) and tensor.shape.rank and tensor.shape[0] == 1
        else tensor
        for tensor in tensors
    ]


def _pictures(tensor: tf.Tensor) -> bool:
    """Whether the first axis is of pictures."""
    return bool(tensor.shape.rank and tensor.shape[0] and tensor.shape[0] % BATCH == 0)


@importer("Split")
def split(operator: Operator) -> list[tf.Tensor]:
    """Split."""
    axis, rank, number = operator.axis(0), operator.rank(), len(operator.node.output)
    tensor, lengths = operator.tensor(0), operator.numbers("split", 1)
    whole = tensor.shape[axis]
    if lengths is None and (whole is None or number == 0):
        operator.refuse("the size of what it splits is not known before a run")
    if lengths is None:
        length = -(-whole // number)
        lengths = [length] * (number - 1) + [whole - length * (number - 1)]
    ends = np.cumsum([0, *lengths], dtype=object)
    return [_part(tensor, rank, axis, int(a), int(b), 1, "part") for a, b in pairwise(ends)]


@importer("Slice")
def slice_(operator: Operator) -> tf.Tensor:
    """Slice."""
    starts, ends = operator.required("starts", 1), operator.required("ends", 2)
    axes = operator.numbers("axes", 3) or range(len(starts))
    steps = operator.numbers("steps", 4) or [1] * len(starts)
    tensor, rank = operator.tensor(0), operator.rank()
    if 0 in steps:
        operator.refuse("a step of 0")
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        tensor = _part(tensor, rank, operator.counted(axis, rank), start, end, step, "part")
    return tensor


def _part(
    tensor: tf.Tensor, rank: int, axis: int, start: int, end: int, step: int, name: str
) -> tf.Tensor:
    """Of one axis, with numbers that may lie beyond it."""
    begin, finish = [0] * rank, [0] * rank
    begin[axis], finish[axis] = max(start, -_END), min(max(end, -_END), _END)
    others = sum(1 << other for other in range(rank) if other != axis)
    strides = [step if other == axis else 1 for other in range(rank)]
    whole_end = (end >= _END and step > 0) or (end <= -_END and step < 0)
    constants = (tf.constant(numbers, tf.int64) for numbers in (begin, finish, strides))
    first, last, steps = constants
    return raw.StridedSlice(
        input=tensor, begin=first, end=last, strides=steps, begin_mask=others,
        end_mask=others | (1 << axis if whole_end else 0), name=name,
    )  # fmt: skip


@importer("Gather")
def gather(operator: Operator) -> tf.Tensor:
    """Gather."""
    tensor, axis = operator.tensor(0), operator.axis(0)
    indices = operator.value(1)
    if isinstance(indices, np.ndarray) and indices.dtype != object:
        return _gathered(operator, tensor, indices, axis)
    return raw.GatherV2(params=tensor, indices=operator.tensor(1), axis=axis, name=operator.result)


def _gathered(operator: Operator, tensor: tf.Tensor, indices: np.ndarray, axis: int) -> tf.Tensor:
    """At known indices; one index is a slice, whose gradient costs less."""
    rank = operator.rank()
    if indices.ndim == 0:
        start = int(indices)
        end = start + 1 if start != -1 else np.iinfo(np.int64).max
        part = _part(tensor, rank, axis, start, end, 1, "part")
        return raw.Squeeze(input=part, axis=[axis], name=operator.result)
    if indices.size and indices.min() < 0:
        size = tensor.shape[axis]
        if size is None or size % BATCH == 0:
            operator.refuse("places counted from the end of an axis of unknown size")
        indices = np.where(indices < 0, indices + size, indices)
    return raw.GatherV2(params=tensor, indices=indices, axis=axis, name=operator.result)


@importer("Pad")
def pad(operator: Operator) -> tf.Tensor:
    """Pad by a constant, or by what is at the border."""
    tensor, rank = operator.tensor(0), operator.rank()
    numbers, axes = operator.required("pads", 1), operator.numbers("axes", 3) or range(rank)
    margins = [[0, 0] for _ in range(rank)]
    count = len(numbers) // 2
    for number, axis in enumerate(axes):
        margins[operator.counted(axis, rank)] = [numbers[number], numbers[count + number]]
    if max(map(abs, numbers), default=0) > _MOST_PADDING:
        operator.refuse(f"a margin of more than {_MOST_PADDING} pixels")
    tensor = _cropped(tensor, rank, margins)
    margins = [[max(n, 0) for n in pair] for pair in margins]
    return _framed(operator, tensor, margins)


def _cropped(tensor: tf.Tensor, rank: int, margins: list[list[int]]) -> tf.Tensor:
    """Margins below 0 take something away."""
    for axis, (before, after) in enumerate(margins):
        if min(before, after) < 0:
            end = after if after < 0 else np.iinfo(np.int64).max
            tensor = _part(tensor, rank, axis, max(-before, 0), end, 1, "cropped")
    return tensor


def _framed(operator: Operator, tensor: tf.Tensor, margins: list[list[int]]) -> tf.Tensor:
    mode = operator.text("mode", "constant")
    if not any(map(any, margins)):
        return tensor
    if mode == "constant":
        value = operator.constant(2) if operator.has(2) else operator.attribute("value", 0.0)
        return padded(tensor, margins, float(np.ravel(value)[0]))
    if mode == "reflect":
        return raw.MirrorPad(input=tensor, paddings=tf.constant(margins), mode="REFLECT")
    if mode == "edge":
        return _by_edges(tensor, margins)
    operator.refuse(f"mode {mode!r} is not supported; constant, reflect and edge are")


def _by_edges(tensor: tf.Tensor, margins: list[list[int]]) -> tf.Tensor:
    """The border, repeated one pixel after another: mirrored at the very edge it is itself."""
    for axis, (before, after) in enumerate(margins):
        for step in range(max(before, after)):
            pair = [[0, 0] for _ in margins]
            pair[axis] = [int(step < before), int(step < after)]
            tensor = raw.MirrorPad(input=tensor, paddings=tf.constant(pair), mode="SYMMETRIC")
    return tensor


@importer("Constant")
def constant(operator: Operator) -> Value:
    """Constant."""
    for name, kind in (("value_float", np.float32), ("value_int", np.int64),
                       ("value_floats", np.float32), ("value_ints", np.int64)):  # fmt: skip
        if operator.attribute(name) is not None:
            return np.array(operator.attribute(name), kind)
    if operator.attribute("sparse_value") is not None:
        operator.refuse("sparse constants are not supported; export them dense")
    value = operator.attribute("value")
    if value is None:
        operator.refuse("a constant without numbers; text is not supported")
    return operator.setting.read(value)
