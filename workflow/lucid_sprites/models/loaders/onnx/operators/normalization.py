"""Normalizations: of batches, layers, instances, groups, and of neighbouring channels."""

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx import channel_order
from lucid_sprites.models.loaders.onnx.operator import Operator, importer
from lucid_sprites.models.loaders.onnx.sizes import sizes_of, vector

raw = tf.raw_ops


@importer("BatchNormalization", layer="norm")
def batch_normalization(operator: Operator) -> tf.Tensor:
    """BatchNormalization, as it is after training."""
    if operator.attribute("training_mode", 0):
        operator.refuse("it is in training; export the model after model.eval()")
    epsilon = operator.attribute("epsilon", 1e-5)
    if operator.rank() != 4:
        return _scaled_and_shifted(operator, epsilon)
    scale, offset, mean, variance = (operator.tensor(position) for position in range(1, 5))
    made = raw.FusedBatchNormV3(
        x=channel_order.channels_last(operator.tensor(0)), scale=scale, offset=offset, mean=mean,
        variance=variance, epsilon=epsilon, is_training=False, name=operator.result,
    )  # fmt: skip
    return channel_order.channels_first(made.y)


def _scaled_and_shifted(operator: Operator, epsilon: float) -> tf.Tensor:
    """Of tensors that are no pictures."""
    scale, offset, mean, variance = (operator.constant(position) for position in range(1, 5))
    factor = (scale / np.sqrt(variance + epsilon)).astype(scale.dtype)
    rank = operator.rank()
    scaled = raw.Mul(x=operator.tensor(0), y=channel_order.per_channel(factor, rank))
    shift = channel_order.per_channel(offset - mean * factor, rank)
    return raw.AddV2(x=scaled, y=shift, name=operator.result)


@importer("LayerNormalization", layer="norm")
def layer_normalization(operator: Operator) -> tf.Tensor:
    """LayerNormalization."""
    tensor, first = operator.tensor(0), operator.axis(-1)
    axes = tf.constant([*range(first, operator.rank())], tf.int32)
    made = _standardized(tensor, axes, operator.attribute("epsilon", 1e-5))
    return _scaled(operator, made)


@importer("RMSNormalization", layer="norm")
def rms_normalization(operator: Operator) -> tf.Tensor:
    """RMSNormalization."""
    tensor, first = operator.tensor(0), operator.axis(-1)
    axes = tf.constant([*range(first, operator.rank())], tf.int32)
    power = raw.Mean(input=raw.Square(x=tensor), axis=axes, keep_dims=True)
    made = raw.Mul(x=tensor, y=_inverse_root(power, operator.attribute("epsilon", 1e-5)))
    return _scaled(operator, made)


@importer("InstanceNormalization", layer="norm")
def instance_normalization(operator: Operator) -> tf.Tensor:
    """InstanceNormalization."""
    rank, epsilon = operator.rank(), operator.attribute("epsilon", 1e-5)
    if rank == 4:
        tensor = channel_order.channels_last(operator.tensor(0))
        made = _scaled(operator, _standardized(tensor, tf.constant([1, 2]), epsilon))
        return channel_order.channels_first(made)
    axes = tf.constant([*range(2, rank)], tf.int32)
    made = _standardized(operator.tensor(0), axes, epsilon)
    factor, shift = (
        channel_order.per_channel(operator.tensor(position), rank) for position in (1, 2)
    )
    return raw.AddV2(x=raw.Mul(x=made, y=factor), y=shift, name=operator.result)


@importer("GroupNormalization", layer="norm")
def group_normalization(operator: Operator) -> tf.Tensor:
    """GroupNormalization; before opset 21 scale and bias are for each group."""
    if operator.rank() != 4:
        operator.refuse("it works on what is no picture")
    groups, tensor = (
        operator.attribute("num_groups"),
        channel_order.channels_last(operator.tensor(0)),
    )
    depth = tensor.shape[3]
    if not groups or groups < 0 or depth is None or depth % groups:
        operator.refuse(f"{depth} channels do not come in {groups} groups")
    batch, height, width, _ = sizes_of(tensor)
    apart = raw.Reshape(
        tensor=tensor, shape=vector([batch, height * width, groups, depth // groups])
    )
    made = _standardized(apart, tf.constant([1, 3]), operator.attribute("epsilon", 1e-5))
    together = raw.Reshape(tensor=made, shape=vector([batch, height, width, depth]))
    return channel_order.channels_first(_scaled(operator, together, depth))


def _standardized(tensor: tf.Tensor, axes: tf.Tensor, epsilon: float) -> tf.Tensor:
    """Less the mean and divided by the deviation over `axes`."""
    centred = raw.Sub(x=tensor, y=raw.Mean(input=tensor, axis=axes, keep_dims=True))
    variance = raw.Mean(input=raw.Square(x=centred), axis=axes, keep_dims=True)
    return raw.Mul(x=centred, y=_inverse_root(variance, epsilon))


def _inverse_root(power: tf.Tensor, epsilon: float) -> tf.Tensor:
    return raw.Rsqrt(x=raw.AddV2(x=power, y=tf.constant(epsilon, power.dtype)))


def _scaled(operator: Operator, tensor: tf.Tensor, depth: int | None = None) -> tf.Tensor:
    """Times the second input, plus the third, along the last axes."""
    if not operator.has(1):
        return raw.Identity(input=tensor, name=operator.result)
    factor = _for_channels(operator, 1, depth)
    if not operator.has(2):
        return raw.Mul(x=tensor, y=factor, name=operator.result)
    scaled = raw.Mul(x=tensor, y=factor)
    return raw.AddV2(x=scaled, y=_for_channels(operator, 2, depth), name=operator.result)


def _for_channels(operator: Operator, position: int, depth: int | None) -> tf.Tensor | np.ndarray:
    """Numbers for each channel, where there is one for each group."""
    value = operator.value(position)
    if depth is None or isinstance(value, tf.Tensor) or value.size == depth:
        return operator.tensor(position)
    if depth % max(value.size, 1):
        operator.refuse(f"{value.size} factors do not fit {depth} channels")
    return np.repeat(value, depth // value.size)


@importer("LRN", layer="norm")
def local_response_normalization(operator: Operator) -> tf.Tensor:
    """LRN over an odd number of channels."""
    size = operator.attribute("size", 1)
    if size % 2 == 0 or operator.rank() != 4:
        operator.refuse(f"over {size} channels of {operator.rank()} axes is not supported")
    made = raw.LRN(
        input=channel_order.channels_last(operator.tensor(0)),
        depth_radius=size // 2,
        bias=operator.attribute("bias", 1.0),
        alpha=operator.attribute("alpha", 1e-4) / size,
        beta=operator.attribute("beta", 0.75),
        name=operator.result,
    )
    return channel_order.channels_first(made)


@importer("LpNormalization")
def lp_normalization(operator: Operator) -> tf.Tensor:
    """LpNormalization."""
    tensor, axis = operator.tensor(0), tf.constant([operator.axis(-1)])
    if operator.attribute("p", 2) == 1:
        length = raw.Sum(input=raw.Abs(x=tensor), axis=axis, keep_dims=True)
    else:
        length = raw.Sqrt(x=raw.Sum(input=raw.Square(x=tensor), axis=axis, keep_dims=True))
    return raw.DivNoNan(x=tensor, y=length, name=operator.result)
