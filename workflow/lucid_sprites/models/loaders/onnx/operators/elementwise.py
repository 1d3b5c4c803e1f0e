"""Arithmetic, comparison and logic, number by number."""

from collections.abc import Callable
from functools import reduce

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx.operator import Operator, Value, importer
from lucid_sprites.models.loaders.onnx.tensors import tensorflow_type

raw = tf.raw_ops

_BINARY = {
    "Sub": raw.Sub, "Mul": raw.Mul, "Pow": raw.Pow, "Equal": raw.Equal, "Less": raw.Less,
    "LessOrEqual": raw.LessEqual, "Greater": raw.Greater, "GreaterOrEqual": raw.GreaterEqual,
    "And": raw.LogicalAnd, "Or": raw.LogicalOr, "Xor": raw.NotEqual,
}  # fmt: skip
_UNARY = {
    "Sqrt": raw.Sqrt, "Exp": raw.Exp, "Log": raw.Log, "Neg": raw.Neg, "Abs": raw.Abs,
    "Erf": raw.Erf, "Reciprocal": raw.Reciprocal, "Floor": raw.Floor, "Ceil": raw.Ceil,
    "Round": raw.Round, "Sign": raw.Sign, "Sin": raw.Sin, "Cos": raw.Cos, "Tan": raw.Tan,
    "Atan": raw.Atan, "Asin": raw.Asin, "Acos": raw.Acos, "Sinh": raw.Sinh, "Cosh": raw.Cosh,
    "Not": raw.LogicalNot, "IsNaN": raw.IsNan,
}  # fmt: skip
_SEVERAL = {"Max": raw.Maximum, "Min": raw.Minimum}


def _binary(operation: Callable[..., tf.Tensor]) -> Callable[[Operator], tf.Tensor]:
    def write(operator: Operator) -> tf.Tensor:
        x, y = _of_one_type(operator)
        return operation(x=x, y=y, name=operator.result)

    return write


def _of_one_type(operator: Operator) -> tuple[tf.Tensor, tf.Tensor]:
    """Both operands; an exponent may be of another type."""
    x, y = operator.tensor(0), operator.tensor(1)
    return x, y if x.dtype == y.dtype else raw.Cast(x=y, DstT=x.dtype)


def _unary(operation: Callable[..., tf.Tensor]) -> Callable[[Operator], tf.Tensor]:
    return lambda operator: operation(x=operator.tensor(0), name=operator.result)


for _kind, _operation in _BINARY.items():
    importer(_kind)(_binary(_operation))
for _kind, _operation in _UNARY.items():
    importer(_kind)(_unary(_operation))


@importer("Add", layer="merge")
def add(operator: Operator) -> tf.Tensor:
    """Add; of two tensors that vary it is a layer."""
    x, y = _of_one_type(operator)
    return raw.AddV2(x=x, y=y, name=operator.result)


@importer("Sum", layer="merge", label="Add")
def sum_of_several(operator: Operator) -> tf.Tensor:
    """Sum of any number of tensors."""
    return _folded(operator, raw.AddV2)


@importer("Max", "Min")
def extreme_of_several(operator: Operator) -> tf.Tensor:
    """Max and Min of any number of tensors."""
    return _folded(operator, _SEVERAL[operator.kind])


@importer("Mean")
def mean_of_several(operator: Operator) -> tf.Tensor:
    """Mean of any number of tensors."""
    tensors = [operator.tensor(position) for position in range(len(operator.inputs))]
    total = reduce(lambda x, y: raw.AddV2(x=x, y=y), tensors)
    share = tf.constant(1 / max(len(tensors), 1), total.dtype)
    return raw.Mul(x=total, y=share, name=operator.result)


def _folded(operator: Operator, operation: Callable[..., tf.Tensor]) -> tf.Tensor:
    tensors = [operator.tensor(position) for position in range(len(operator.inputs))]
    if len(tensors) == 1:
        return tensors[0]
    before = reduce(lambda x, y: operation(x=x, y=y), tensors[:-1])
    return operation(x=before, y=tensors[-1], name=operator.result)


@importer("Div")
def divide(operator: Operator) -> tf.Tensor:
    """Div; of whole numbers it drops the rest."""
    x, y = _of_one_type(operator)
    operation = raw.RealDiv if x.dtype.is_floating else raw.TruncateDiv
    return operation(x=x, y=y, name=operator.result)


@importer("Mod")
def modulo(operator: Operator) -> tf.Tensor:
    """Mod, with the sign of the divisor or, as C has it, of the dividend."""
    x, y = _of_one_type(operator)
    operation = raw.TruncateMod if operator.attribute("fmod", 0) else raw.FloorMod
    return operation(x=x, y=y, name=operator.result)


@importer("Where")
def where(operator: Operator) -> tf.Tensor:
    """Where."""
    condition, chosen, other = (operator.tensor(position) for position in range(3))
    return raw.SelectV2(condition=condition, t=chosen, e=other, name=operator.result)


@importer("Cast")
def cast(operator: Operator) -> tf.Tensor:
    """Cast."""
    kind = tensorflow_type(operator.attribute("to", 0))
    if kind is None:
        operator.refuse(f"to the type number {operator.attribute('to', 0)} is not supported")
    tensor = operator.tensor(0)
    return tensor if tensor.dtype == kind else raw.Cast(x=tensor, DstT=kind, name=operator.result)


@importer("CastLike")
def cast_like(operator: Operator) -> tf.Tensor:
    """CastLike."""
    kind = operator.tensor(1).dtype
    return raw.Cast(x=operator.tensor(0), DstT=kind, name=operator.result)


@importer("Identity", "Dropout")
def unchanged(operator: Operator) -> Value:
    """What changes nothing, as dropout after training."""
    return operator.value(0)


@importer("CumSum")
def cumulative_sum(operator: Operator) -> tf.Tensor:
    """CumSum."""
    axis = operator.counted(int(np.ravel(operator.constant(1))[0]), operator.rank())
    return raw.Cumsum(
        x=operator.tensor(0), axis=axis, exclusive=bool(operator.attribute("exclusive", 0)),
        reverse=bool(operator.attribute("reverse", 0)), name=operator.result,
    )  # fmt: skip
