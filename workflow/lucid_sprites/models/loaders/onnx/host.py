"""Arithmetic on sizes, done while a graph is imported: what exporters write to reshape tensors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx.operator import Operator
from lucid_sprites.models.loaders.onnx.sizes import Dim, UnknownSize, sizes_of
from lucid_sprites.models.loaders.onnx.tensors import tensorflow_type

# Lists of sizes are short; weights are left to TensorFlow.
_MOST_NUMBERS = 4096


def computed(operator: Operator) -> np.ndarray | None:
    """What an operator gives for constants, or for the shape of a tensor; None if it is not known
    before a run."""
    if operator.kind in ("Shape", "Size") and isinstance(operator.value(0), tf.Tensor):
        return _shape_of_tensor(operator)
    inputs = operator.inputs
    small = all(value is None or isinstance(value, np.ndarray) for value in inputs)
    if not small or any(value is not None and value.size > _MOST_NUMBERS for value in inputs):
        return None
    if operator.kind not in _OPERATIONS or not inputs:
        return None
    try:
        made = _OPERATIONS[operator.kind](operator)
    except UnknownSize:
        return None
    return None if made is None else _plain(np.asarray(made))


def _plain(value: np.ndarray) -> np.ndarray:
    """An array of numbers, unless sizes are among them."""
    if value.dtype != object or any(isinstance(number, Dim) for number in value.flat):
        return value
    kinds = {type(number) for number in value.flat}
    kind = np.bool_ if kinds <= {bool, np.bool_} and kinds else np.int64
    return value.astype(kind)


def _shape_of_tensor(operator: Operator) -> np.ndarray | None:
    try:
        sizes = sizes_of(operator.value(0))
    except UnknownSize:
        return None
    if operator.kind == "Size":
        return None
    start, end = operator.attribute("start", 0), operator.attribute("end")
    return _plain(_objects(sizes[start:end]))


def _objects(values: list[Any]) -> np.ndarray:
    made = np.empty(len(values), object)
    made[:] = values
    return made


def _exact(value: np.ndarray) -> np.ndarray:
    """Whole numbers as Python's own, which sizes can be combined with and which do not overflow."""
    return value.astype(object) if value.dtype.kind in "iu" else value


def _combined(combine: Callable[[Any, Any], Any]) -> Callable[[Operator], np.ndarray]:
    def compute(operator: Operator) -> np.ndarray:
        values = [operator.value(position) for position in range(len(operator.inputs))]
        _check_types(*values)
        with np.errstate(all="ignore"):
            made = _exact(values[0])
            for value in values[1:]:
                made = combine(made, _exact(value))
        return np.asarray(made)

    return compute


def _check_types(*values: np.ndarray) -> None:
    """Sizes are not combined with fractions."""
    objects = any(value.dtype == object for value in values)
    if objects and any(value.dtype.kind == "f" for value in values):
        raise UnknownSize


def _divided(dividend: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    """The quotient; that of whole numbers is rounded towards 0."""
    if dividend.dtype != object and divisor.dtype != object:
        return np.asarray(dividend / divisor)
    return np.asarray(np.frompyfunc(_truncated, 2, 1)(dividend, divisor))


def _truncated(dividend: int | Dim, divisor: int | Dim) -> int | Dim:
    if isinstance(dividend, Dim) or isinstance(divisor, Dim):
        return dividend // divisor
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _cast(operator: Operator) -> np.ndarray | None:
    value, kind = operator.value(0), tensorflow_type(operator.attribute("to", 0))
    if kind is None:
        return None
    if value.dtype == object:
        if kind not in (tf.int64, tf.int32):
            raise UnknownSize
        return value
    return value.astype(kind.as_numpy_dtype)


def _gather(operator: Operator) -> np.ndarray:
    return np.take(operator.value(0), operator.constant(1).astype(np.int64), operator.axis(0))


def _concat(operator: Operator) -> np.ndarray:
    values = [operator.value(position) for position in range(len(operator.inputs))]
    _check_types(*values)
    return np.concatenate([_exact(value) for value in values], operator.attribute("axis", 0))


def _slice(operator: Operator) -> np.ndarray:
    value = operator.value(0)
    starts, ends = operator.required("starts", 1), operator.required("ends", 2)
    axes = operator.numbers("axes", 3) or range(len(starts))
    steps = operator.numbers("steps", 4) or [1] * len(starts)
    where = [slice(None)] * value.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        size = value.shape[operator.counted(axis, value.ndim)]
        last = None if step < 0 and end < -size else end
        where[operator.counted(axis, value.ndim)] = slice(start, last, step)
    return value[tuple(where)]


def _unsqueeze(operator: Operator) -> np.ndarray:
    return np.expand_dims(operator.value(0), tuple(operator.numbers("axes", 1, [])))


def _squeeze(operator: Operator) -> np.ndarray:
    axes = operator.numbers("axes", 1)
    return np.squeeze(operator.value(0), None if axes is None else tuple(axes))


def _reshape(operator: Operator) -> np.ndarray:
    value = operator.value(0)
    wanted = [int(size) for size in operator.constant(1).reshape(-1)]
    copies = not operator.attribute("allowzero", 0)
    return value.reshape([value.shape[axis] if copies and size == 0 else size
                          for axis, size in enumerate(wanted)])  # fmt: skip


def _constant_of_shape(operator: Operator) -> np.ndarray | None:
    shape = (
        [int(size) for size in operator.constant(0).reshape(-1)]
        if operator.value(0).dtype != object
        else None
    )
    if shape is None or not 0 <= np.prod(shape, dtype=object) <= _MOST_NUMBERS:
        return None
    given = operator.attribute("value")
    value = np.zeros(1, np.float32) if given is None else operator.setting.read(given)
    return np.full(shape, value.reshape(-1)[0])


def _range(operator: Operator) -> np.ndarray | None:
    start, limit, delta = (operator.value(position).reshape(-1)[0] for position in range(3))
    if any(isinstance(number, Dim) for number in (start, limit, delta)):
        raise UnknownSize
    if delta == 0 or abs((limit - start) / delta) > _MOST_NUMBERS:
        return None
    return np.asarray(np.arange(start, limit, delta, dtype=operator.value(0).dtype))


def _where(operator: Operator) -> np.ndarray:
    chosen, other = operator.value(1), operator.value(2)
    _check_types(chosen, other)
    return np.where(operator.value(0).astype(bool), _exact(chosen), _exact(other))


def _product(operator: Operator) -> np.ndarray:
    value, axes = _exact(operator.value(0)), operator.numbers("axes", 1)
    keep = bool(operator.attribute("keepdims", 1))
    return np.asarray(np.prod(value, None if axes is None else tuple(axes), keepdims=keep))


def _unary(apply: Callable[[Any], Any]) -> Callable[[Operator], np.ndarray]:
    def compute(operator: Operator) -> np.ndarray:
        value = operator.value(0)
        if value.dtype == object:
            raise UnknownSize
        return np.asarray(apply(value)).astype(value.dtype)

    return compute


_OPERATIONS: dict[str, Callable[[Operator], np.ndarray | None]] = {
    "Identity": lambda operator: operator.value(0),
    "Shape": lambda operator: np.array(operator.value(0).shape, np.int64),
    "Size": lambda operator: np.array(operator.value(0).size, np.int64),
    "Cast": _cast, "Gather": _gather, "Concat": _concat, "Slice": _slice,
    "Unsqueeze": _unsqueeze, "Squeeze": _squeeze, "Reshape": _reshape,
    "ConstantOfShape": _constant_of_shape, "Range": _range, "Where": _where,
    "ReduceProd": _product,
    "Add": _combined(np.add), "Sub": _combined(np.subtract), "Mul": _combined(np.multiply),
    "Div": _combined(_divided), "Mod": _combined(np.mod), "Max": _combined(np.maximum),
    "Min": _combined(np.minimum), "Equal": _combined(np.equal), "Less": _combined(np.less),
    "LessOrEqual": _combined(np.less_equal), "Greater": _combined(np.greater),
    "GreaterOrEqual": _combined(np.greater_equal), "And": _combined(np.logical_and),
    "Or": _combined(np.logical_or),
    "Not": _unary(np.logical_not), "Neg": _unary(np.negative), "Floor": _unary(np.floor),
    "Ceil": _unary(np.ceil), "Sqrt": _unary(np.sqrt), "Abs": _unary(np.abs),
}  # fmt: skip
