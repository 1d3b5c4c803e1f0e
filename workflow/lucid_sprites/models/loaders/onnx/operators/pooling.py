"""Pools: the largest or mean value of a window, or of whole pictures."""

from collections.abc import Callable
from dataclasses import replace

import tensorflow as tf

from lucid_sprites.models.loaders.onnx import channel_order
from lucid_sprites.models.loaders.onnx.operator import Operator, importer
from lucid_sprites.models.loaders.onnx.operators.window import Window, padded, pair, window_of

raw = tf.raw_ops


@importer("MaxPool", layer="pool")
def max_pool(operator: Operator) -> tf.Tensor:
    """MaxPool."""
    window = _window(operator)
    if len(operator.node.output) > 1 and operator.node.output[1]:
        operator.refuse("where the largest value was (its second output) cannot be told")
    if max(window.dilations) > 1:
        operator.refuse("dilated pools are not supported")
    pictures = channel_order.channels_last(operator.tensor(0))
    if window.is_padded and not window.keeps_size:
        pictures = padded(pictures, window.paddings, pictures.dtype.min)
        window = replace(window, before=(0, 0), after=(0, 0))
    made = raw.MaxPool(input=pictures, name=operator.result, **_attributes(window))
    return channel_order.channels_first(made)


@importer("AveragePool", layer="pool", label="AvgPool")
def average_pool(operator: Operator) -> tf.Tensor:
    """AveragePool."""
    window = replace(_window(operator), dilations=(1, 1))
    if max(operator.attribute("dilations") or [1]) > 1:
        operator.refuse("dilated pools are not supported")
    pictures = channel_order.channels_last(operator.tensor(0))
    counts_padding = bool(operator.attribute("count_include_pad", 0))
    overhang = _overhang(operator, window)
    inner = _without(window, overhang)
    if not any(overhang) and (not window.is_padded or counts_padding):
        sums = padded(pictures, window.paddings)
        made = raw.AvgPool(value=sums, name=operator.result, **_attributes(_unpadded(window)))
    elif window.keeps_size:
        made = raw.AvgPool(value=pictures, name=operator.result, **_attributes(window))
    else:
        made = _mean_of_pixels(pictures, window, inner, counts_padding, operator.result)
    return channel_order.channels_first(made)


def _window(operator: Operator) -> Window:
    """The window of a pool, with the padding that rounding up (`ceil_mode`) needs."""
    size = operator.attribute("kernel_shape")
    if size is None:
        operator.refuse("it has no kernel_shape; the file is damaged")
    window = window_of(operator, tuple(size))
    more = _overhang(operator, window)
    return replace(window, after=pair(a + m for a, m in zip(window.after, more, strict=True)))


def _overhang(operator: Operator, window: Window) -> tuple[int, int]:
    """Pixels behind the padding that the last window may reach; it begins within the picture."""
    if not operator.attribute("ceil_mode", 0):
        return 0, 0
    after = (operator.attribute("pads") or [0] * 4)[2:]
    rows = zip(window.strides, window.reach, after, strict=True)
    return pair(max(min(s - 1, r - 1 - a), 0) for s, r, a in rows)


def _without(window: Window, overhang: tuple[int, int]) -> Window:
    after = pair(a - o for a, o in zip(window.after, overhang, strict=True))
    return replace(window, after=after)


def _unpadded(window: Window) -> Window:
    return replace(window, before=(0, 0), after=(0, 0))


def _attributes(window: Window) -> dict[str, object]:
    return {
        "ksize": [1, *window.size, 1],
        "strides": [1, *window.strides, 1],
        "padding": "SAME" if window.is_padded and window.keeps_size else "VALID",
    }


def _mean_of_pixels(
    pictures: tf.Tensor, window: Window, inner: Window, counts_padding: bool, name: str
) -> tf.Tensor:
    """Mean over what lies in the picture, or in the padding that counts."""
    plain = _attributes(_unpadded(window))
    means = raw.AvgPool(value=padded(pictures, window.paddings), **plain)
    ones = raw.OnesLike(x=pictures[:1, :, :, :1])
    if counts_padding:
        beyond = [
            [0, 0],
            *([0, w - i] for w, i in zip(window.after, inner.after, strict=True)),
            [0, 0],
        ]
        counted = padded(padded(ones, inner.paddings, 1.0), beyond)
    else:
        counted = padded(ones, window.paddings)
    return raw.RealDiv(x=means, y=raw.AvgPool(value=counted, **plain), name=name)


@importer("GlobalAveragePool", layer="pool", label="Mean")
def global_average_pool(operator: Operator) -> tf.Tensor:
    """GlobalAveragePool."""
    return _whole(operator, raw.Mean)


@importer("GlobalMaxPool", layer="pool", label="Max")
def global_max_pool(operator: Operator) -> tf.Tensor:
    """GlobalMaxPool."""
    return _whole(operator, raw.Max)


def _whole(operator: Operator, reduce: Callable[..., tf.Tensor]) -> tf.Tensor:
    axes = tf.constant([*range(2, operator.rank())], tf.int32)
    return reduce(input=operator.tensor(0), axis=axes, keep_dims=True, name=operator.result)
