"""Reductions along axes."""

from collections.abc import Callable

import tensorflow as tf

from lucid_sprites.models.loaders.onnx.operator import Operator, Value, importer

raw = tf.raw_ops

_DIRECT = {
    "ReduceMax": raw.Max, "ReduceMin": raw.Min, "ReduceSum": raw.Sum, "ReduceProd": raw.Prod,
}  # fmt: skip


@importer("ReduceMean", layer="pool", label="Mean")
def mean(operator: Operator) -> Value:
    """ReduceMean."""
    return _reduced(operator, raw.Mean, operator.tensor(0))


@importer(*_DIRECT)
def direct(operator: Operator) -> Value:
    """ReduceMax, ReduceMin, ReduceSum, ReduceProd."""
    return _reduced(operator, _DIRECT[operator.kind], operator.tensor(0))


@importer("ReduceL1")
def l1(operator: Operator) -> Value:
    """ReduceL1."""
    return _reduced(operator, raw.Sum, raw.Abs(x=operator.tensor(0)))


@importer("ReduceSumSquare")
def sum_square(operator: Operator) -> Value:
    """ReduceSumSquare."""
    return _reduced(operator, raw.Sum, raw.Square(x=operator.tensor(0)))


@importer("ReduceL2")
def l2(operator: Operator) -> Value:
    """ReduceL2."""
    x = operator.tensor(0)
    total = _sum_of(operator, raw.Square(x=x))
    return raw.Sqrt(x=total, name=operator.result)


@importer("ReduceLogSumExp")
def log_sum_exp(operator: Operator) -> Value:
    """ReduceLogSumExp."""
    return raw.Log(x=_sum_of(operator, raw.Exp(x=operator.tensor(0))), name=operator.result)


def _sum_of(operator: Operator, tensor: tf.Tensor) -> tf.Tensor:
    keep = bool(operator.attribute("keepdims", 1))
    return raw.Sum(input=tensor, axis=_axes(operator), keep_dims=keep)


def _reduced(operator: Operator, reduce: Callable[..., tf.Tensor], tensor: tf.Tensor) -> Value:
    if operator.attribute("noop_with_empty_axes", 0) and not operator.numbers("axes", 1):
        return tensor
    keep = bool(operator.attribute("keepdims", 1))
    return reduce(input=tensor, axis=_axes(operator), keep_dims=keep, name=operator.result)


def _axes(operator: Operator) -> tf.Tensor:
    rank = operator.rank()
    given = operator.numbers("axes", 1) or range(rank)
    return tf.constant([operator.counted(axis, rank) for axis in given], tf.int32)


@importer("ArgMax", "ArgMin")
def position_of_extreme(operator: Operator) -> tf.Tensor:
    """ArgMax and ArgMin."""
    search = raw.ArgMax if operator.kind == "ArgMax" else raw.ArgMin
    axis = operator.axis(0)
    position = search(input=operator.tensor(0), dimension=axis, output_type=tf.int64)
    if operator.attribute("keepdims", 1):
        return raw.ExpandDims(input=position, axis=axis, name=operator.result)
    return position
