"""Sizes of tensors: numbers where they are known, and otherwise what a run will find.

While a graph is built, its batch is a large prime, so that TensorFlow's own inference of shapes
tells which sizes are multiples of the number of pictures.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

BATCH = 1_000_003

_Make = Callable[[], tf.Tensor]


class UnknownSize(Exception):
    """A size would have to be known to compute something."""


class Dim:
    """A size that is known when pictures are fed.

    Attributes:
        make: gives its tensor, int64 [].
        pictures: how many times the number of pictures it is; None if it is something else.
    """

    def __init__(self, make: _Make, pictures: int | None = None) -> None:
        self.make = make
        self.pictures = pictures

    def _with(
        self, other: "Size", combine: Callable[[Any, Any], Any], swapped: bool = False
    ) -> "Dim":
        def make() -> tf.Tensor:
            operands = [self.make(), scalar(other)]
            return combine(*(operands[::-1] if swapped else operands))

        return Dim(make)

    def __add__(self, other: "Size") -> "Size":
        return self if _is(other, 0) else self._with(other, _op(tf.raw_ops.AddV2))

    __radd__ = __add__

    def __sub__(self, other: "Size") -> "Size":
        return self if _is(other, 0) else self._with(other, _op(tf.raw_ops.Sub))

    def __rsub__(self, other: "Size") -> "Size":
        return self._with(other, _op(tf.raw_ops.Sub), swapped=True)

    def __mul__(self, other: "Size") -> "Size":
        made = self._with(other, _op(tf.raw_ops.Mul))
        if self.pictures is not None and isinstance(other, int):
            made.pictures = self.pictures * other
        return made

    __rmul__ = __mul__

    def __floordiv__(self, other: "Size") -> "Size":
        if isinstance(other, Dim) and self.pictures and other.pictures:
            whole, rest = divmod(self.pictures, other.pictures)
            if not rest:
                return whole
        made = self._with(other, _op(tf.raw_ops.FloorDiv))
        if self.pictures is not None and isinstance(other, int) and self.pictures % other == 0:
            made.pictures = self.pictures // other
        return made

    def __rfloordiv__(self, other: "Size") -> "Size":
        return self._with(other, _op(tf.raw_ops.FloorDiv), swapped=True)

    def __mod__(self, other: "Size") -> "Size":
        return self._with(other, _op(tf.raw_ops.FloorMod))

    def __lt__(self, other: "Size") -> bool:
        if isinstance(other, int) and other <= 0:
            return False
        raise UnknownSize

    def __gt__(self, other: "Size") -> bool:
        if isinstance(other, int) and other <= 0:
            return True
        raise UnknownSize

    def __eq__(self, other: object) -> bool:
        """Sizes are positive, so that nothing below 1 equals one."""
        if other is self:
            return True
        if isinstance(other, Dim) and self.pictures and self.pictures == other.pictures:
            return True
        if isinstance(other, int) and other <= 0:
            return False
        raise UnknownSize

    __hash__ = None  # type: ignore[assignment]


Size = int | Dim


def _is(size: Size, number: int) -> bool:
    return isinstance(size, int) and size == number


def _op(raw: Callable[..., tf.Tensor]) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    return lambda x, y: raw(x=x, y=y)


def scalar(size: Size) -> tf.Tensor:
    """A size as int64 []."""
    return size.make() if isinstance(size, Dim) else tf.constant(int(size), tf.int64)


def vector(sizes: list[Size]) -> tf.Tensor:
    """Sizes as int64 [n]."""
    if not any(isinstance(size, Dim) for size in sizes):
        return tf.constant(sizes, tf.int64, [len(sizes)])
    return tf.raw_ops.Pack(values=[scalar(size) for size in sizes], axis=0)


def sizes_of(tensor: tf.Tensor) -> list[Size]:
    """The sizes of a tensor.

    Raises:
        UnknownSize: not even their number is known.
    """
    if tensor.shape.rank is None:
        raise UnknownSize
    return [_size(tensor, axis, size) for axis, size in enumerate(tensor.shape.as_list())]


def _size(tensor: tf.Tensor, axis: int, size: int | None) -> Size:
    if size is None:
        return Dim(lambda: _measured(tensor, axis))
    if size and size % BATCH == 0:
        return Dim(lambda: _measured(tensor, axis), size // BATCH)
    return size


def _measured(tensor: tf.Tensor, axis: int) -> tf.Tensor:
    shape = tf.raw_ops.Shape(input=tensor, out_type=tf.int64)
    return tf.raw_ops.StridedSlice(
        input=shape, begin=[axis], end=[axis + 1], strides=[1], shrink_axis_mask=1
    )


def numbers_for_one_picture(tensor: tf.Tensor) -> int:
    """How many numbers a tensor has at least for each picture, by what is known of its shape."""
    if tensor.shape.rank is None:
        return 1
    known = [size // BATCH if size and size % BATCH == 0 else size for size in tensor.shape]
    return int(np.prod([size for size in known if size is not None], dtype=object))
