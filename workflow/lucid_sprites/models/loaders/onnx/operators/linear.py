"""Products of matrices: linear layers, attention."""

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx.operator import Operator, Value, importer

raw = tf.raw_ops


@importer("Gemm", layer="convolution", label="MatMul")
def gemm(operator: Operator) -> tf.Tensor:
    """Gemm: a linear layer."""
    x, kernel = operator.tensor(0), operator.tensor(1)
    alpha, beta = operator.attribute("alpha", 1.0), operator.attribute("beta", 1.0)
    name = None if operator.has(2) or alpha != 1 else operator.result
    made = raw.MatMul(
        a=x, b=kernel, transpose_a=bool(operator.attribute("transA", 0)),
        transpose_b=bool(operator.attribute("transB", 0)), name=name or "product",
    )  # fmt: skip
    if alpha != 1:
        name = None if operator.has(2) else operator.result
        made = raw.Mul(x=made, y=tf.constant(alpha, made.dtype), name=name or "scaled")
    if not operator.has(2):
        return made
    bias = operator.value(2)
    shift = bias * np.array(beta, bias.dtype) if isinstance(bias, np.ndarray) else bias
    if isinstance(bias, tf.Tensor) and beta != 1:
        shift = raw.Mul(x=bias, y=tf.constant(beta, bias.dtype))
    return raw.AddV2(x=made, y=shift, name=operator.result)


@importer("MatMul", layer="convolution")
def matmul(operator: Operator) -> tf.Tensor:
    """MatMul of tensors of any rank."""
    ranks = operator.rank(0), operator.rank(1)
    if ranks == (4, 2) and not isinstance(operator.value(1), tf.Tensor):
        return _of_every_pixel(operator, operator.value(1))
    if ranks == (2, 2):
        return raw.MatMul(a=operator.tensor(0), b=operator.tensor(1), name=operator.result)
    if min(ranks) >= 2:
        return raw.BatchMatMulV2(x=operator.tensor(0), y=operator.tensor(1), name=operator.result)
    return _of_vectors(operator, ranks)


def _of_every_pixel(operator: Operator, kernel: np.ndarray) -> tf.Tensor:
    """A linear layer of pictures with channels last is a convolution with one tap."""
    taps = operator.written(kernel[np.newaxis, np.newaxis], "kernel")
    return raw.Conv2D(
        input=operator.tensor(0), filter=taps, strides=[1] * 4, padding="VALID",
        name=operator.result,
    )  # fmt: skip


def _of_vectors(operator: Operator, ranks: tuple[int, int]) -> tf.Tensor:
    x, y = operator.tensor(0), operator.tensor(1)
    axes = []
    if ranks[0] == 1:
        x, axes = raw.ExpandDims(input=x, axis=0), [-2]
    if ranks[1] == 1:
        y, axes = raw.ExpandDims(input=y, axis=-1), [*axes, -1]
    return raw.Squeeze(input=raw.BatchMatMulV2(x=x, y=y), axis=axes, name=operator.result)


@importer("Einsum")
def einsum(operator: Operator) -> Value:
    """Einsum."""
    inputs = [operator.tensor(position) for position in range(len(operator.inputs))]
    equation = operator.text("equation", "").replace(" ", "")
    if "->" not in equation:
        letters = equation.replace(",", "").replace("...", "")
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        equation += f"->{'...' if '...' in equation else ''}{''.join(once)}"
    return raw.Einsum(inputs=inputs, equation=equation, name=operator.result)
