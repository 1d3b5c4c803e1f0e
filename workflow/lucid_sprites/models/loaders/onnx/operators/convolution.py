"""Convolutions, also grouped, dilated and transposed.

TensorFlow has no gradient on processors for dilated, grouped, or unevenly strided depthwise ones:
they are made of plain ones here.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx import channel_order
from lucid_sprites.models.loaders.onnx.operator import Operator, Value, importer
from lucid_sprites.models.loaders.onnx.operators.window import Window, padded, window_of
from lucid_sprites.models.loaders.onnx.sizes import sizes_of, vector

raw = tf.raw_ops


@importer("Conv", layer="convolution", label="Conv2D")
def convolution(operator: Operator) -> tf.Tensor:
    """Conv."""
    shape = kernel_shape(operator)
    window, groups = window_of(operator, tuple(shape[2:])), operator.attribute("group", 1)
    pictures = channel_order.channels_last(operator.tensor(0))
    depth = pictures.shape[3]
    if groups < 1 or shape[0] % groups or depth not in (None, shape[1] * groups):
        operator.refuse(
            f"weights {list(shape)} in {groups} groups do not fit {depth} channels; the file is "
            "damaged"
        )
    name = None if operator.has(2) else operator.result
    kernel = kernel_channels_last(operator, (2, 3, 1, 0))
    if groups == 1:
        made = _convolved(pictures, _written(operator, kernel), window, name)
    elif shape[1] == 1:
        by_input = _written(operator, _by_input(kernel, groups))
        made = _depthwise(pictures, by_input, window, name)
    else:
        kernels = [_written(operator, part) for part in split(kernel, groups)]
        pairs = zip(split(pictures, groups), kernels, strict=True)
        made = _joined([_convolved(*pair, window, None) for pair in pairs], name)
    return channel_order.channels_first(biased(operator, made))


@importer("ConvTranspose", layer="convolution", label="Conv2DTranspose")
def transposed_convolution(operator: Operator) -> tf.Tensor:
    """ConvTranspose."""
    shape = kernel_shape(operator)
    window, groups = window_of(operator, tuple(shape[2:])), operator.attribute("group", 1)
    if groups < 1 or shape[0] % groups:
        operator.refuse(f"weights {list(shape)} do not come in {groups} groups")
    pictures = channel_order.channels_last(operator.tensor(0))
    kernel = _dilated(operator, kernel_channels_last(operator, (2, 3, 1, 0)), window.dilations)
    window = _of_output(operator, window)
    parts = split(pictures, groups)
    kernels = [_written(operator, part) for part in split(kernel, groups)]
    made = [_transposed(operator, *pair, window) for pair in zip(parts, kernels, strict=True)]
    joined = made[0] if groups == 1 else _joined(made, None)
    if not operator.has(2):
        joined = raw.Identity(input=joined, name=operator.result)
    return channel_order.channels_first(biased(operator, joined))


def kernel_shape(operator: Operator) -> list[int]:
    """Sizes of the weights.

    Raises:
        UserError: they depend on the picture's size.
    """
    shape = list(operator.value(1).shape)
    if None in shape or not all(shape):
        operator.refuse("the shape of its weights is not known; export them as constants")
    return [int(size) for size in shape]


def kernel_channels_last(operator: Operator, axes: tuple[int, ...]) -> Value:
    """Weights with their axes in TensorFlow's order."""
    value = operator.value(1)
    if isinstance(value, tf.Tensor):
        return channel_order.transpose(value, axes)
    return np.ascontiguousarray(value.transpose(axes))


def _written(operator: Operator, kernel: Value) -> tf.Tensor:
    return kernel if isinstance(kernel, tf.Tensor) else operator.written(kernel, "kernel")


def biased(operator: Operator, tensor: tf.Tensor) -> tf.Tensor:
    """With the bias that is an operator's third input, if it has one."""
    if not operator.has(2):
        return tensor
    return raw.BiasAdd(value=tensor, bias=operator.tensor(2), name=operator.result)


def split(value: Value, parts: int) -> list[Value]:
    """Equal parts along the last axis."""
    if parts == 1:
        return [value]
    if isinstance(value, np.ndarray):
        return np.split(value, parts, -1)
    return list(raw.Split(axis=tf.constant(value.shape.rank - 1), value=value, num_split=parts))


def _convolved(
    pictures: tf.Tensor, kernel: tf.Tensor, window: Window, name: str | None
) -> tf.Tensor:
    if max(window.dilations) > 1:
        return _with_holes(pictures, kernel, window, _plain, name)
    return _plain(pictures, kernel, window, name)


def _plain(pictures: tf.Tensor, kernel: tf.Tensor, window: Window, name: str | None) -> tf.Tensor:
    explicit = window.is_padded and not window.keeps_size
    return raw.Conv2D(
        input=pictures,
        filter=kernel,
        strides=[1, *window.strides, 1],
        padding="EXPLICIT" if explicit else "SAME" if window.is_padded else "VALID",
        explicit_paddings=np.ravel(window.paddings).tolist() if explicit else [],
        name=name or "convolution",
    )


def _joined(parts: list[tf.Tensor], name: str | None) -> tf.Tensor:
    return raw.ConcatV2(values=parts, axis=tf.constant(3), name=name or "joined")


def _by_input(kernel: Value, groups: int) -> Value:
    """[height, width, 1, outputs] as [height, width, inputs, outputs of each]."""
    shape = [*kernel.shape[:2], groups, kernel.shape[3] // groups]
    if isinstance(kernel, np.ndarray):
        return kernel.reshape(shape)
    return raw.Reshape(tensor=kernel, shape=shape)


def _depthwise(
    pictures: tf.Tensor, kernel: tf.Tensor, window: Window, name: str | None
) -> tf.Tensor:
    if max(window.dilations) > 1 or window.strides[0] != window.strides[1]:
        return _with_holes(pictures, kernel, window, _plain_depthwise, name)
    return _plain_depthwise(pictures, kernel, window, name)


def _plain_depthwise(
    pictures: tf.Tensor, kernel: tf.Tensor, window: Window, name: str | None
) -> tf.Tensor:
    # With explicit padding TensorFlow's inference of shapes ends the process.
    if not window.keeps_size:
        pictures = padded(pictures, window.paddings)
    return raw.DepthwiseConv2dNative(
        input=pictures,
        filter=kernel,
        strides=[1, *window.strides, 1],
        padding="SAME" if window.keeps_size else "VALID",
        name=name or "convolution",
    )


def _with_holes(
    pictures: tf.Tensor,
    kernel: tf.Tensor,
    window: Window,
    convolve: Callable[..., tf.Tensor],
    name: str | None,
) -> tf.Tensor:
    """A dilated convolution as a plain one of each of the pictures of every n-th pixel."""
    pictures = padded(pictures, window.paddings)
    block = tf.constant(window.dilations, tf.int64)
    size = vector(sizes_of(pictures)[1:3])
    missing = raw.FloorMod(x=raw.Neg(x=size), y=block)
    margins = raw.Pack(values=[raw.ZerosLike(x=missing), missing], axis=1)
    sparse = raw.SpaceToBatchND(input=pictures, block_shape=block, paddings=margins)
    plain = Window(window.size, (1, 1), (1, 1), (0, 0), (0, 0))
    made = convolve(sparse, kernel, plain, None)
    is_last = set(window.strides) == {1}
    whole = raw.BatchToSpaceND(
        input=made, block_shape=block, crops=margins, name=name if is_last and name else "whole"
    )
    if is_last:
        return whole
    return raw.StridedSlice(
        input=whole, begin=[0] * 4, end=[0] * 4, strides=[1, *window.strides, 1], begin_mask=15,
        end_mask=15, name=name or "strided",
    )  # fmt: skip


def _dilated(operator: Operator, kernel: Value, dilations: tuple[int, int]) -> Value:
    """Weights [height, width, ...] with zeros between them."""
    if set(dilations) == {1}:
        return kernel
    if isinstance(kernel, tf.Tensor):
        operator.refuse("dilated weights that are computed; export them as constants")
    sizes = [(n - 1) * d + 1 for n, d in zip(kernel.shape[:2], dilations, strict=True)]
    wide = np.zeros([*sizes, *kernel.shape[2:]], kernel.dtype)
    wide[:: dilations[0], :: dilations[1]] = kernel
    return wide


def _of_output(operator: Operator, window: Window) -> Window:
    """The window of the convolution that it is the gradient of: its padding as it is wanted."""
    wanted = operator.attribute("output_shape")
    extra = operator.attribute("output_padding") or [0, 0]
    if wanted is None:
        if operator.text("auto_pad", "NOTSET").startswith("SAME"):
            operator.refuse("auto_pad of a transposed convolution; export it with explicit pads")
        return window
    known = operator.tensor(0).shape[2:]
    if None in known:
        operator.refuse("output_shape needs a fixed height and width; export it with pads")
    rows = zip(known, window.strides, window.reach, extra, wanted[-2:], strict=True)
    totals = [(n - 1) * s + r + e - w for n, s, r, e, w in rows]
    before, after = tuple(t // 2 for t in totals), tuple(t - t // 2 for t in totals)
    return Window(window.size, window.strides, window.dilations, before, after)


def _transposed(
    operator: Operator, pictures: tf.Tensor, kernel: tf.Tensor, window: Window
) -> tf.Tensor:
    """The gradient of a convolution whose outputs `pictures` are."""
    extra = operator.attribute("output_padding") or [0, 0]
    batch, height, width, _ = sizes_of(pictures)
    rows = zip((height, width), window.strides, window.reach, extra,
               window.before, window.after, strict=True)  # fmt: skip
    sizes = [n * s + (r - s + e - b - a) for n, s, r, e, b, a in rows]
    shape = raw.Cast(x=vector([batch, *sizes, int(kernel.shape[2])]), DstT=tf.int32)
    return raw.Conv2DBackpropInput(
        input_sizes=shape,
        filter=kernel,
        out_backprop=pictures,
        strides=[1, *window.strides, 1],
        padding="EXPLICIT" if window.is_padded else "VALID",
        explicit_paddings=np.ravel(window.paddings).tolist() if window.is_padded else [],
        name="convolution",
    )
