"""Shapes: what changes them without changing a number."""

import math

import numpy as np
import tensorflow as tf

from lucid_sprites.models.loaders.onnx import channel_order
from lucid_sprites.models.loaders.onnx.operator import Operator, importer
from lucid_sprites.models.loaders.onnx.sizes import BATCH, Dim, Size, UnknownSize, sizes_of, vector

raw = tf.raw_ops

_MOST_TIMES = 1 << 16


@importer("Reshape")
def reshape(operator: Operator) -> tf.Tensor:
    """Reshape; a batch that the file fixes is made free."""
    tensor = operator.tensor(0)
    try:
        wanted = _with_copied(operator, operator.sizes(1), tensor)
    except UnknownSize:
        return raw.Reshape(tensor=tensor, shape=operator.tensor(1), name=operator.result)
    if operator.setting.batch is not None:
        wanted = _for_any_batch(operator, wanted, tensor)
    return _reshaped(tensor, wanted, operator.result)


def _with_copied(operator: Operator, wanted: list[Size], tensor: tf.Tensor) -> list[Size]:
    """0 stands for the size that the input has there."""
    if operator.attribute("allowzero", 0):
        return wanted
    rank = tensor.shape.rank
    if any(_is(size, 0) and (rank is None or axis >= rank) for axis, size in enumerate(wanted)):
        operator.refuse(f"shape {wanted} copies sizes that its input does not have")
    known = sizes_of(tensor) if any(_is(size, 0) for size in wanted) else []
    return [known[axis] if _is(size, 0) else size for axis, size in enumerate(wanted)]


def _is(size: Size, number: int) -> bool:
    return isinstance(size, int) and size == number


def _reshaped(tensor: tf.Tensor, wanted: list[Size], name: str) -> tf.Tensor:
    """With numbers for all sizes that can be told, and -1 for one that cannot."""
    wanted = _without_guess(tensor, wanted)
    varying = [axis for axis, size in enumerate(wanted) if isinstance(size, Dim)]
    if len(varying) == 1 and not any(_is(size, -1) for size in wanted):
        wanted = [-1 if axis in varying else size for axis, size in enumerate(wanted)]
    return raw.Reshape(tensor=tensor, shape=vector(wanted), name=name)


def _without_guess(tensor: tf.Tensor, wanted: list[Size]) -> list[Size]:
    """The size that -1 stands for beside a free batch, where it is known."""
    shape = tensor.shape.as_list() if tensor.shape.rank is not None else [None]
    others = [_number(size) for size in wanted if not _is(size, -1)]
    counted = [number for number in others if number is not None]
    if None in shape or len(counted) < len(others) or len(others) == len(wanted):
        return wanted
    whole, rest = divmod(math.prod(shape), math.prod(counted))
    if rest or whole % BATCH == 0:
        return wanted
    return [whole if _is(size, -1) else size for size in wanted]


def _number(size: Size) -> int | None:
    if isinstance(size, int):
        return size
    return None if size.pictures is None else size.pictures * BATCH


def _for_any_batch(operator: Operator, wanted: list[Size], tensor: tf.Tensor) -> list[Size]:
    """Sizes written down for the file's own batch, with the batch where it belongs."""
    if tensor.shape.rank is None or any(isinstance(size, Dim) and size.pictures for size in wanted):
        return wanted
    sizes = sizes_of(tensor)
    batch_axes = [
        axis for axis, size in enumerate(sizes) if isinstance(size, Dim) and size.pictures
    ]
    if not batch_axes:
        return wanted
    if operator.setting.batch != 1:
        operator.refuse(
            f"it is made for {operator.setting.batch} pictures at a time; export the model with a "
            "free batch, or for one picture"
        )
    batch_axis = batch_axes[0]
    for_one = [_pictures(size) if axis == batch_axis else size for axis, size in enumerate(sizes)]
    known, fixed = _all_known(for_one), _all_known(wanted)
    if known is None or fixed is None:
        return _free_first(wanted, batch_axis, sizes)
    filled = _filled(fixed, known)
    target = _position_of_batch(known, filled, batch_axis)
    if target is None:
        operator.refuse(
            f"sizes {filled} fix the number of pictures; export the model with a free batch "
            "(docs/models.md, PyTorch)"
        )
    return [-1 if axis == target else size for axis, size in enumerate(filled)]


def _pictures(size: Size) -> Size:
    """How many times the number of pictures a size is, for a size that is a multiple of it."""
    return size.pictures if isinstance(size, Dim) and size.pictures else size


def _all_known(sizes: list[Size]) -> list[int] | None:
    """Sizes that are all known; None if one is not."""
    numbers = [size for size in sizes if not isinstance(size, Dim)]
    return numbers if len(numbers) == len(sizes) else None


def _free_first(wanted: list[Size], batch_axis: int, sizes: list[Size]) -> list[Size]:
    """The batch comes first before and after."""
    if batch_axis == 0 and wanted and _is(wanted[0], 1):
        return [sizes[0], *wanted[1:]]
    return wanted


def _filled(wanted: list[int], sizes: list[int]) -> list[int]:
    rest = math.prod(size for size in wanted if size != -1)
    return [math.prod(sizes) // max(rest, 1) if size == -1 else size for size in wanted]


def _position_of_batch(sizes: list[int], wanted: list[int], batch_axis: int) -> int | None:
    """The axis that the batch goes to.

    It lies before or behind the other sizes of its axis, as one of the two is 1: of the axes that
    begin there one of size 1 takes it, the one at the same place if it is such, or else the first.
    The rows of a matrix take it from the second place: PyTorch projects all tokens at once.
    """
    before = math.prod(sizes[:batch_axis])
    begins = before, before * sizes[batch_axis]
    products = [math.prod(wanted[:axis]) for axis in range(len(wanted))]
    candidates = [axis for axis, product in enumerate(products) if product in begins]
    if before not in products or math.prod(wanted) != math.prod(sizes):
        return None
    ones = [axis for axis in candidates if wanted[axis] == 1]
    if ones:
        return batch_axis if batch_axis in ones else ones[0]
    first = candidates[0]
    return 0 if batch_axis and first == 1 and len(wanted) == 2 else first


@importer("Flatten")
def flatten(operator: Operator) -> tf.Tensor:
    """Flatten to two axes."""
    tensor, axis = operator.tensor(0), operator.attribute("axis", 1)
    sizes = sizes_of(tensor)
    axis = axis % len(sizes) if axis < 0 else axis
    return _reshaped(tensor, [_product(sizes[:axis]), _product(sizes[axis:])], operator.result)


def _product(sizes: list[Size]) -> Size:
    product: Size = 1
    for size in sizes:
        product = size if _is(product, 1) else product * size
    return product


@importer("Transpose")
def transpose(operator: Operator) -> tf.Tensor:
    """Transpose."""
    rank = operator.rank()
    order = operator.attribute("perm") or list(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        operator.refuse(f"its order {list(order)} is none of {rank} axes; the file is damaged")
    return channel_order.transpose(operator.tensor(0), tuple(order), operator.result)


@importer("Squeeze")
def squeeze(operator: Operator) -> tf.Tensor:
    """Squeeze."""
    tensor, rank = operator.tensor(0), operator.rank()
    axes = operator.numbers("axes", 1)
    if axes is None:
        axes = [axis for axis, size in enumerate(tensor.shape.as_list()) if size == 1]
    axes = [operator.counted(axis, rank) for axis in axes]
    return raw.Squeeze(input=tensor, axis=axes, name=operator.result) if axes else tensor


@importer("Unsqueeze")
def unsqueeze(operator: Operator) -> tf.Tensor:
    """Unsqueeze."""
    tensor, axes = operator.tensor(0), operator.numbers("axes", 1, [])
    rank = operator.rank() + len(axes)
    for number, axis in enumerate(sorted(operator.counted(axis, rank) for axis in axes)):
        name = operator.result if number == len(axes) - 1 else "unsqueezed"
        tensor = raw.ExpandDims(input=tensor, axis=axis, name=name)
    return tensor


@importer("Expand")
def expand(operator: Operator) -> tf.Tensor:
    """Expand; sizes of 1 in the wanted shape leave the tensor's own."""
    tensor = operator.tensor(0)
    try:
        wanted, tensor_sizes = operator.sizes(1), sizes_of(tensor)
    except UnknownSize:
        shape = raw.BroadcastArgs(
            s0=raw.Shape(input=tensor, out_type=tf.int64), s1=operator.tensor(1)
        )
        return raw.BroadcastTo(input=tensor, shape=shape, name=operator.result)
    rank = max(len(wanted), len(tensor_sizes))
    wanted = [*[1] * (rank - len(wanted)), *wanted]
    tensor_sizes = [*[1] * (rank - len(tensor_sizes)), *tensor_sizes]
    sizes = [t if _is(w, 1) else w for t, w in zip(tensor_sizes, wanted, strict=True)]
    return raw.BroadcastTo(input=tensor, shape=vector(sizes), name=operator.result)


@importer("Tile")
def tile(operator: Operator) -> tf.Tensor:
    """Tile."""
    times = operator.value(1)
    if (
        isinstance(times, np.ndarray)
        and times.dtype != object
        and times.max(initial=1) > _MOST_TIMES
    ):
        operator.refuse(f"it repeats a tensor more than {_MOST_TIMES} times")
    return raw.Tile(input=operator.tensor(0), multiples=operator.tensor(1), name=operator.result)


@importer("Shape")
def shape(operator: Operator) -> tf.Tensor:
    """Shape of a tensor of unknown rank."""
    if operator.attribute("start", 0) or operator.attribute("end") is not None:
        operator.refuse("a part of an unknown shape")
    return raw.Shape(input=operator.tensor(0), out_type=tf.int64, name=operator.result)


@importer("Size")
def size(operator: Operator) -> tf.Tensor:
    """Size."""
    return raw.Size(input=operator.tensor(0), out_type=tf.int64, name=operator.result)


@importer("ConstantOfShape")
def constant_of_shape(operator: Operator) -> tf.Tensor:
    """ConstantOfShape."""
    given = operator.attribute("value")
    value = np.zeros(1, np.float32) if given is None else operator.setting.read(given)
    return raw.Fill(
        dims=operator.tensor(0), value=tf.constant(value.reshape(-1)[0]), name=operator.result
    )


@importer("Range")
def range_(operator: Operator) -> tf.Tensor:
    """Range."""
    start, limit, delta = (operator.tensor(position) for position in range(3))
    return raw.Range(start=start, limit=limit, delta=delta, name=operator.result)


@importer("DepthToSpace")
def depth_to_space(operator: Operator) -> tf.Tensor:
    """DepthToSpace, in both of its orders."""
    block, mode = operator.attribute("blocksize", 1), operator.text("mode", "DCR")
    tensor = channel_order.channels_last(operator.tensor(0))
    if block < 2 or tensor.shape[3] is None or tensor.shape[3] % block**2:
        operator.refuse(f"blocks of {block} do not fit {tensor.shape[3]} channels")
    if mode == "CRD":
        tensor = _regrouped(tensor, block)
    made = raw.DepthToSpace(input=tensor, block_size=block, name=operator.result)
    return channel_order.channels_first(made)


def _regrouped(tensor: tf.Tensor, block: int) -> tf.Tensor:
    """Channels [depth, block, block] as [block, block, depth]."""
    depth = tensor.shape[3]
    order = np.arange(depth).reshape(depth // block**2, block**2).T.reshape(-1)
    return raw.GatherV2(params=tensor, indices=order, axis=3)


@importer("SpaceToDepth")
def space_to_depth(operator: Operator) -> tf.Tensor:
    """SpaceToDepth."""
    block = operator.attribute("blocksize", 1)
    if block < 2:
        operator.refuse(f"blocks of {block} pixels")
    tensor = channel_order.channels_last(operator.tensor(0))
    return channel_order.channels_first(
        raw.SpaceToDepth(input=tensor, block_size=block, name=operator.result)
    )


@importer("ChannelShuffle")
def channel_shuffle(operator: Operator) -> tf.Tensor:
    """Channels [groups, each] as [each, groups]; `composites` makes this operator."""
    tensor, groups = channel_order.channels_last(operator.tensor(0)), operator.attribute("groups")
    depth = tensor.shape[3]
    if depth is None or depth % groups:
        operator.refuse(f"{depth} channels do not come in {groups} groups")
    order = np.arange(depth).reshape(groups, -1).T.reshape(-1)
    made = raw.GatherV2(params=tensor, indices=order, axis=3, name=operator.result)
    return channel_order.channels_first(made)
