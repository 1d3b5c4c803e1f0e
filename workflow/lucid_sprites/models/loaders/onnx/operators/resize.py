"""Resize and Upsample, in all ways that exporters write.

What TensorFlow's own operations do alike is left to them; the rest is a weighted sum of the pixels
nearby, along one axis after the other.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx import channel_order
from lucid_sprites.models.loaders.onnx.operator import Operator, Value, importer
from lucid_sprites.models.loaders.onnx.sizes import Dim, scalar, sizes_of, vector

raw = tf.raw_ops
_MOST_TIMES = 64
_EPSILON = 1e-5


@importer("Resize")
def resize(operator: Operator) -> Value:
    """Resize of pictures."""
    for name, supported in (("antialias", 0), ("exclude_outside", 0)):
        if operator.attribute(name, 0) != supported:
            operator.refuse(f"{name} is not supported; export the model without it")
    if operator.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        operator.refuse("only the policy `stretch` is supported")
    before_11 = operator.opset < 11
    scales = operator.inputs[1 if before_11 else 2 :]
    mode = operator.text("mode", "nearest")
    transform = "asymmetric" if before_11 else "half_pixel"
    transform = operator.text("coordinate_transformation_mode", transform)
    rounding = "floor" if before_11 else operator.text("nearest_mode", "round_prefer_floor")
    sizes = scales[1] if len(scales) > 1 else None
    return _resized(operator, scales[0] if scales else None, sizes, mode, transform, rounding)


@importer("Upsample")
def upsample(operator: Operator) -> Value:
    """Upsample, which Resize has replaced."""
    scales = operator.inputs[1] if operator.has(1) else np.array(operator.attribute("scales"))
    mode = operator.text("mode", "nearest")
    return _resized(operator, scales, None, mode, "asymmetric", "floor")


def _resized(
    operator: Operator,
    scales: Value | None,
    sizes: Value | None,
    mode: str,
    transform: str,
    rounding: str,
) -> Value:
    pictures = channel_order.channels_last(operator.tensor(0))
    times = _times(operator, scales)
    if times == [1.0, 1.0]:
        return operator.value(0)
    size = _size(operator, pictures, times, sizes)
    is_whole = times is not None and all(scale.is_integer() for scale in times)
    native = _native(mode, transform, rounding, is_whole)
    if native is not None and (is_whole or times is None):
        made = native(pictures, raw.Cast(x=size, DstT=tf.int32), operator.result)
        return channel_order.channels_first(made)
    for spatial_axis in (0, 1):
        made = _along(operator, pictures, spatial_axis, size, times, (mode, transform, rounding))
        pictures = made
    return channel_order.channels_first(raw.Identity(input=made, name=operator.result))


def _times(operator: Operator, scales: Value | None) -> list[float] | None:
    """How many times higher and wider; None where sizes are given."""
    if scales is None or (isinstance(scales, np.ndarray) and scales.size == 0):
        return None
    if isinstance(scales, tf.Tensor):
        operator.refuse("its scales depend on the picture; export the model with constant ones")
    times = [float(scale) for scale in scales.reshape(-1)]
    axes = operator.attribute("axes") or range(len(times))
    by_axis = {operator.counted(axis, 4): scale for axis, scale in zip(axes, times, strict=True)}
    _check_axes(operator, [by_axis.get(0, 1.0), by_axis.get(1, 1.0)])
    spatial_scales = [by_axis.get(2, 1.0), by_axis.get(3, 1.0)]
    if not all(0 < scale <= _MOST_TIMES for scale in spatial_scales):
        operator.refuse(f"scales {spatial_scales} are not between 0 and {_MOST_TIMES}")
    return spatial_scales


def _check_axes(operator: Operator, times: list[float]) -> None:
    if operator.rank() != 4 or times != [1.0, 1.0]:
        operator.refuse("it resizes more than height and width")


def _size(
    operator: Operator, pictures: tf.Tensor, times: list[float] | None, sizes: Value | None
) -> tf.Tensor:
    """Height and width of the result, int64 [2]."""
    if times is not None:
        rows = zip(sizes_of(pictures)[1:3], times, strict=True)
        return vector([_scaled(size, scale) for size, scale in rows])
    if sizes is None:
        operator.refuse("it has neither scales nor sizes; the file is damaged")
    if isinstance(sizes, tf.Tensor):
        return raw.StridedSlice(input=raw.Cast(x=sizes, DstT=tf.int64), begin=[-2], end=[0],
                                strides=[1], end_mask=1)  # fmt: skip
    wanted = [size if isinstance(size, Dim) else int(size) for size in sizes.reshape(-1)][-2:]
    if any(isinstance(size, int) and not 0 < size <= 1 << 16 for size in wanted):
        operator.refuse(f"a picture of {wanted} pixels")
    return vector(wanted)


def _scaled(size: int | Dim, times: float) -> int | Dim:
    if isinstance(size, int):
        return int(np.floor(size * times + 1e-9))
    if times.is_integer():
        return size * int(times)

    def make() -> tf.Tensor:
        exact = raw.Mul(
            x=raw.Cast(x=size.make(), DstT=tf.float64), y=tf.constant(times, tf.float64)
        )
        return raw.Cast(x=raw.Floor(x=exact), DstT=tf.int64)

    return Dim(make)


def _native(
    mode: str, transform: str, rounding: str, whole_times: bool
) -> Callable[..., tf.Tensor] | None:
    """TensorFlow's operation that does the same, if there is one."""
    # PyTorch's own way differs for results of one pixel only.
    halves = transform == "half_pixel" or (transform == "pytorch_half_pixel" and whole_times)
    if mode == "linear" and (halves or transform in ("align_corners", "asymmetric")):
        return lambda images, size, name: raw.ResizeBilinear(
            images=images, size=size, half_pixel_centers=halves,
            align_corners=transform == "align_corners", name=name,
        )  # fmt: skip
    floors = transform == "asymmetric" and rounding == "floor"
    if mode == "nearest" and (floors or (halves and whole_times)):
        return lambda images, size, name: raw.ResizeNearestNeighbor(
            images=images, size=size, half_pixel_centers=halves, name=name
        )
    return None


def _along(
    operator: Operator,
    pictures: tf.Tensor,
    spatial_axis: int,
    size: tf.Tensor,
    times: list[float] | None,
    how: tuple[str, str, str],
) -> tf.Tensor:
    """Resized along height (0) or width (1)."""
    mode, transform, rounding = how
    axis = 1 + spatial_axis
    before = raw.Cast(x=scalar(sizes_of(pictures)[axis]), DstT=tf.float32)
    number = raw.StridedSlice(
        input=size, begin=[spatial_axis], end=[spatial_axis + 1], strides=[1], shrink_axis_mask=1
    )
    after = raw.Cast(x=number, DstT=tf.float32)
    ratio = before / after if times is None else tf.constant(1 / times[spatial_axis], tf.float32)
    steps = raw.Range(start=tf.constant(0.0), limit=after, delta=tf.constant(1.0))
    at = _coordinates(operator, steps, before, after, ratio, transform)
    last = raw.Cast(x=before, DstT=tf.int64) - 1
    result = None
    for offset, weight in _taps(operator, at, mode, rounding):
        clipped = raw.Maximum(x=raw.Minimum(x=offset, y=last), y=tf.constant(0, tf.int64))
        pixels = raw.GatherV2(params=pictures, indices=clipped, axis=axis)
        if weight is not None:
            shape = [1, -1, 1, 1] if axis == 1 else [1, 1, -1, 1]
            pixels = pixels * raw.Reshape(tensor=weight, shape=shape)
        result = pixels if result is None else result + pixels
    return result


def _coordinates(
    operator: Operator, steps: tf.Tensor, before: tf.Tensor, after: tf.Tensor, ratio: tf.Tensor,
    transform: str,
) -> tf.Tensor:  # fmt: skip
    """Where in the picture each pixel of the result comes from."""
    if transform == "asymmetric":
        return steps * ratio
    if transform == "align_corners":
        return steps * (before - 1) / tf.maximum(after - 1, 1)
    centred = (steps + 0.5) * ratio - 0.5
    if transform == "half_pixel":
        return centred
    if transform == "pytorch_half_pixel":
        return raw.SelectV2(condition=after > 1, t=centred, e=raw.ZerosLike(x=centred))
    operator.refuse(f"coordinates by {transform!r} are not supported")


def _taps(
    operator: Operator, at: tf.Tensor, mode: str, rounding: str
) -> list[tuple[tf.Tensor, tf.Tensor | None]]:
    """Pixels (int64) and their weights."""
    if mode == "nearest":
        return [(raw.Cast(x=_rounded(operator, at, rounding), DstT=tf.int64), None)]
    floor = raw.Floor(x=at)
    share, first = at - floor, raw.Cast(x=floor, DstT=tf.int64)
    if mode == "linear":
        return [(first, 1 - share), (first + 1, share)]
    if mode == "cubic":
        sharpness = operator.attribute("cubic_coeff_a", -0.75)
        return [(first + n, _cubic(share - n, sharpness)) for n in (-1, 0, 1, 2)]
    operator.refuse(f"mode {mode!r} is not supported; nearest, linear and cubic are")


def _rounded(operator: Operator, at: tf.Tensor, rounding: str) -> tf.Tensor:
    # Coordinates are a little off whole numbers and halves; so are those of the runtimes.
    if rounding == "floor":
        return tf.floor(at + _EPSILON)
    if rounding == "ceil":
        return tf.math.ceil(at - _EPSILON)
    if rounding == "round_prefer_floor":
        return tf.math.ceil(at - 0.5 - _EPSILON)
    if rounding == "round_prefer_ceil":
        return tf.floor(at + 0.5 + _EPSILON)
    operator.refuse(f"nearest_mode {rounding!r} is not known")


def _cubic(distance: tf.Tensor, a: float) -> tf.Tensor:
    """The weight of a pixel at a distance, by cubic convolution."""
    x = tf.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return tf.where(x <= 1, near, tf.where(x < 2, far, tf.zeros_like(x)))
