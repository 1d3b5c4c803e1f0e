"""Windows that slide over pictures: what convolutions and pools have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx.operator import Operator

# More than any network has; sizes of files that lie end here.
_MOST = 4096


@dataclass(frozen=True)
class Window:
    """A window over height and width.

    Attributes:
        size, strides, dilations: (vertical, horizontal).
        before, after: pixels of padding.
    """

    size: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]

    @property
    def reach(self) -> tuple[int, int]:
        """Pixels that it spans."""
        return pair((k - 1) * d + 1 for k, d in zip(self.size, self.dilations, strict=True))

    @property
    def is_padded(self) -> bool:
        """Whether it goes beyond the picture."""
        return any((*self.before, *self.after))

    @property
    def keeps_size(self) -> bool:
        """Whether TensorFlow's padding SAME means the same for every size of picture."""
        rows = zip(self.reach, self.strides, self.before, self.after, strict=True)
        return all(s == 1 and b == (r - 1) // 2 and b + a == r - 1 for r, s, b, a in rows)

    @property
    def paddings(self) -> list[list[int]]:
        """Of all four axes, channels last."""
        rows = zip(self.before, self.after, strict=True)
        return [[0, 0], *map(list, rows), [0, 0]]


def pair(numbers: Iterable[int]) -> tuple[int, int]:
    """What is said of height and width."""
    vertical, horizontal = numbers
    return vertical, horizontal


def window_of(operator: Operator, size: tuple[int, ...]) -> Window:
    """The window of an operator whose kernel has `size`.

    Raises:
        UserError: not two-dimensional, or beyond all bounds.
    """
    if len(size) != 2 or operator.rank() != 4:
        operator.refuse(
            f"it works on {len(size)} dimensions, and pictures have 2; leave out what is not for "
            "pictures when you export the model"
        )
    strides = operator.attribute("strides") or [1, 1]
    dilations = operator.attribute("dilations") or [1, 1]
    pads = operator.attribute("pads") or [0, 0, 0, 0]
    _check(operator, size, strides, dilations, pads)
    before, after = _automatic(operator, size, strides, dilations, pads)
    return Window(pair(size), pair(strides), pair(dilations), before, after)


def _check(operator: Operator, *lists: Sequence[int]) -> None:
    size, strides, dilations, pads = lists
    positive = all(0 < n <= _MOST for n in (*size, *strides, *dilations))
    if (
        not positive
        or [*map(len, lists)] != [2, 2, 2, 4]
        or not 0 <= min(pads) <= max(pads) <= _MOST
    ):
        operator.refuse(
            f"kernel {list(size)}, strides {list(strides)}, dilations {list(dilations)} and pads "
            f"{list(pads)} make no window of up to {_MOST} pixels; the file is damaged"
        )


def _automatic(
    operator: Operator, size: tuple[int, ...], strides: list[int], dilations: list[int],
    pads: list[int],
) -> tuple[tuple[int, int], tuple[int, int]]:  # fmt: skip
    """Padding before and after, as the attribute `auto_pad` has it."""
    automatic = operator.text("auto_pad", "NOTSET")
    if automatic == "NOTSET":
        return pair(pads[:2]), pair(pads[2:])
    if automatic == "VALID":
        return (0, 0), (0, 0)
    totals = [
        _same_padding(operator, axis, (k - 1) * d + 1, s)
        for axis, (k, d, s) in enumerate(zip(size, dilations, strides, strict=True))
    ]
    smaller, larger = pair(t // 2 for t in totals), pair(t - t // 2 for t in totals)
    return (smaller, larger) if automatic == "SAME_UPPER" else (larger, smaller)


def _same_padding(operator: Operator, axis: int, reach: int, stride: int) -> int:
    """Padding for an output of the input's size divided by the stride, rounded up."""
    size = operator.tensor(0).shape[2 + axis]
    if stride == 1:
        return reach - 1
    if size is None:
        operator.refuse(
            "its padding (auto_pad) depends on the size of the picture; export the model with "
            "explicit pads, or with a fixed height and width"
        )
    return max((-(-int(size) // stride) - 1) * stride + reach - int(size), 0)


def padded(tensor: tf.Tensor, paddings: list[list[int]], value: float = 0.0) -> tf.Tensor:
    """A tensor with a margin of `value`."""
    if not any(map(any, paddings)):
        return tensor
    margin = np.array(value, tensor.dtype.as_numpy_dtype)
    return tf.raw_ops.PadV2(
        input=tensor, paddings=tf.constant(paddings, tf.int32), constant_values=margin
    )
