"""Nonlinearities that work on every number by itself, and softmax."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx import channel_order
from lucid_sprites.models.loaders.onnx.operator import Operator, importer

raw = tf.raw_ops

_SIMPLE = {
    "Relu": raw.Relu, "Sigmoid": raw.Sigmoid, "Tanh": raw.Tanh, "Softplus": raw.Softplus,
    "Softsign": raw.Softsign,
}  # fmt: skip


def _simple(operation: Callable[..., tf.Tensor]) -> Callable[[Operator], tf.Tensor]:
    key = "x" if operation in (raw.Sigmoid, raw.Tanh) else "features"

    def write(operator: Operator) -> tf.Tensor:
        return operation(**{key: operator.tensor(0)}, name=operator.result)

    return write


for _kind, _operation in _SIMPLE.items():
    importer(_kind, layer="activation")(_simple(_operation))


def _number(value: float, like: tf.Tensor) -> tf.Tensor:
    return tf.constant(value, like.dtype)


@importer("Elu", layer="activation")
def elu(operator: Operator) -> tf.Tensor:
    """Elu with any slope."""
    x, alpha = operator.tensor(0), operator.attribute("alpha", 1.0)
    if alpha == 1:
        return raw.Elu(features=x, name=operator.result)
    return _exponential(operator, x, alpha, 1.0, 1.0)


@importer("Celu", layer="activation")
def celu(operator: Operator) -> tf.Tensor:
    """Celu."""
    alpha = operator.attribute("alpha", 1.0)
    return _exponential(operator, operator.tensor(0), alpha, 1.0, 1 / alpha)


@importer("Selu", layer="activation")
def selu(operator: Operator) -> tf.Tensor:
    """Selu, whose standard constants TensorFlow knows."""
    alpha, gamma = operator.attribute("alpha", 1.6732632), operator.attribute("gamma", 1.0507010)
    x = operator.tensor(0)
    if abs(alpha - 1.6732632) < 1e-5 and abs(gamma - 1.0507010) < 1e-5:
        return raw.Selu(features=x, name=operator.result)
    return _exponential(operator, x, alpha * gamma, gamma, 1.0)


def _exponential(
    operator: Operator, x: tf.Tensor, factor: float, slope: float, rate: float
) -> tf.Tensor:
    """slope * x above 0, factor * (exp(rate * x) - 1) below."""
    below = raw.Minimum(x=x, y=_number(0, x))
    bend = raw.Mul(x=raw.Expm1(x=raw.Mul(x=below, y=_number(rate, x))), y=_number(factor, x))
    return raw.AddV2(
        x=raw.Mul(x=raw.Relu(features=x), y=_number(slope, x)), y=bend, name=operator.result
    )


@importer("LeakyRelu", layer="activation")
def leaky_relu(operator: Operator) -> tf.Tensor:
    """LeakyRelu."""
    alpha = operator.attribute("alpha", 0.01)
    return raw.LeakyRelu(features=operator.tensor(0), alpha=alpha, name=operator.result)


@importer("PRelu", layer="activation")
def prelu(operator: Operator) -> tf.Tensor:
    """PRelu: a slope for each channel."""
    x, slope = operator.tensor(0), operator.tensor(1)
    below = raw.Mul(x=slope, y=raw.Relu(features=raw.Neg(x=x)))
    return raw.Sub(x=raw.Relu(features=x), y=below, name=operator.result)


@importer("ThresholdedRelu", layer="activation")
def thresholded_relu(operator: Operator) -> tf.Tensor:
    """ThresholdedRelu."""
    x = operator.tensor(0)
    above = raw.Greater(x=x, y=_number(operator.attribute("alpha", 1.0), x))
    return raw.Mul(x=x, y=raw.Cast(x=above, DstT=x.dtype), name=operator.result)


@importer("Clip", layer="activation", label="Clip")
def clip(operator: Operator) -> tf.Tensor:
    """Clip; between 0 and 6 it is what TensorFlow calls Relu6."""
    x = operator.tensor(0)
    low, high = _bound(operator, "min", 1), _bound(operator, "max", 2)
    if (low, high) == (0, 6):
        return raw.Relu6(features=x, name=operator.result)
    if high is None:
        low = x.dtype.min if low is None else low
        return raw.Maximum(x=x, y=_number(low, x), name=operator.result)
    above = x if low is None else raw.Maximum(x=x, y=_number(low, x))
    return raw.Minimum(x=above, y=_number(high, x), name=operator.result)


def _bound(operator: Operator, name: str, position: int) -> float | None:
    if operator.has(position):
        values = operator.constant(position)
        return values.reshape(-1)[0].item() if values.size else None
    bound: float | None = operator.attribute(name)
    return bound


@importer("Gelu", layer="activation")
def gelu(operator: Operator) -> tf.Tensor:
    """Gelu, exact or by tanh."""
    x = operator.tensor(0)
    if operator.text("approximate", "none") == "tanh":
        cubic = raw.Mul(x=raw.Mul(x=raw.Square(x=x), y=x), y=_number(0.044715, x))
        inner = raw.Mul(x=raw.AddV2(x=x, y=cubic), y=_number(np.sqrt(2 / np.pi), x))
        curve = raw.Tanh(x=inner)
    else:
        curve = raw.Erf(x=raw.Mul(x=x, y=_number(np.sqrt(0.5), x)))
    share = raw.Mul(x=raw.AddV2(x=curve, y=_number(1, x)), y=_number(0.5, x))
    return raw.Mul(x=x, y=share, name=operator.result)


@importer("HardSigmoid", layer="activation")
def hard_sigmoid(operator: Operator) -> tf.Tensor:
    """HardSigmoid."""
    alpha, beta = operator.attribute("alpha", 0.2), operator.attribute("beta", 0.5)
    return _hard_sigmoid(operator.tensor(0), alpha, beta, operator.result)


def _hard_sigmoid(x: tf.Tensor, alpha: float, beta: float, name: str) -> tf.Tensor:
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        ramp = raw.Relu6(features=raw.AddV2(x=x, y=_number(3, x)))
        return raw.Mul(x=ramp, y=_number(1 / 6, x), name=name)
    line = raw.AddV2(x=raw.Mul(x=x, y=_number(alpha, x)), y=_number(beta, x))
    return raw.Minimum(x=raw.Relu(features=line), y=_number(1, x), name=name)


@importer("HardSwish", layer="activation")
def hard_swish(operator: Operator) -> tf.Tensor:
    """HardSwish."""
    x = operator.tensor(0)
    return raw.Mul(x=x, y=_hard_sigmoid(x, 1 / 6, 0.5, "share"), name=operator.result)


@importer("Swish", layer="activation")
def swish(operator: Operator) -> tf.Tensor:
    """Swish, also called SiLU."""
    x, alpha = operator.tensor(0), operator.attribute("alpha", 1.0)
    share = raw.Sigmoid(x=x if alpha == 1 else raw.Mul(x=x, y=_number(alpha, x)))
    return raw.Mul(x=x, y=share, name=operator.result)


@importer("Mish", layer="activation")
def mish(operator: Operator) -> tf.Tensor:
    """Mish."""
    x = operator.tensor(0)
    return raw.Mul(x=x, y=raw.Tanh(x=raw.Softplus(features=x)), name=operator.result)


@importer("Softmax", layer="output")
def softmax(operator: Operator) -> tf.Tensor:
    """Softmax."""
    return _over_axis(operator, lambda x, name: raw.Softmax(logits=x, name=name))


@importer("LogSoftmax", layer="output")
def log_softmax(operator: Operator) -> tf.Tensor:
    """LogSoftmax."""
    return _over_axis(operator, lambda x, name: raw.LogSoftmax(logits=x, name=name))


def _over_axis(operator: Operator, apply: Callable[[tf.Tensor, str], tf.Tensor]) -> tf.Tensor:
    """A function of the last axis, along another one."""
    x, rank = operator.tensor(0), operator.rank()
    axis = operator.axis(-1 if operator.opset >= 13 else 1)
    if operator.opset < 13 and axis != rank - 1:
        operator.refuse(f"over axes {axis} to {rank - 1} at once; export the model in opset 13")
    if axis == rank - 1:
        return apply(x, operator.result)
    order = [*(other for other in range(rank) if other != axis), axis]
    back = tuple(int(position) for position in np.argsort(order))
    return channel_order.transpose(
        apply(channel_order.transpose(x, tuple(order)), operator.result), back
    )
