"""Inputs of an ONNX graph: the picture, and what else there may be."""

from collections.abc import Container
from dataclasses import dataclass

import onnx
import tensorflow as tf

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.onnx import names
from lucid_sprites.models.loaders.onnx.channel_order import TO_FIRST, transpose
from lucid_sprites.models.loaders.onnx.sizes import BATCH
from lucid_sprites.models.loaders.onnx.tensors import tensorflow_type, type_name

# Pictures have up to this many channels; what is larger is height or width.
_MOST_CHANNELS = 64


@dataclass(frozen=True)
class Input:
    """One input.

    Attributes:
        name: in the file.
        node: of its placeholder.
        dtype: of its numbers.
        sizes: None where free, in the order of the placeholder.
        batch: number of pictures that the file is made for, None if any.
        is_picture: whether it is one; its placeholder has channels last.
        channels_first: whether the file has channels first.
    """

    name: str
    node: str
    dtype: tf.DType
    sizes: tuple[int | None, ...]
    batch: int | None
    is_picture: bool
    channels_first: bool

    def placeholder(self) -> tf.Tensor:
        """Its placeholder, as the file has its axes."""
        sizes = (BATCH, *self.sizes[1:]) if self.is_picture else self.sizes
        made = tf.compat.v1.placeholder(self.dtype, sizes, name=self.node)
        if not self.channels_first:
            return made
        with tf.name_scope(f"{self.node}/"):
            return transpose(made, TO_FIRST, "channels_first")


def inputs_of(graph: onnx.GraphProto, weights: Container[str], file: str) -> list[Input]:
    """All inputs of a graph that are no weights.

    Raises:
        UserError: none of them has the shape of a picture, or its channels are not known.
    """
    values = [value for value in graph.input if value.name not in weights]
    inputs = [_input(value, file) for value in values]
    if not any(graph_input.is_picture for graph_input in inputs):
        shapes = "; ".join(f"{value.name} {_shape_text(value)}" for value in values[:5]) or "none"
        raise UserError(
            f"{file}: no input has the shape of a picture, [pictures, channels, height, width]; "
            f"the inputs are {shapes}; export a network that takes pictures"
        )
    return inputs


def _input(value: onnx.ValueInfoProto, file: str) -> Input:
    if value.type.WhichOneof("value") != "tensor_type":
        raise UserError(f"{file}: input {value.name!r} is no tensor, but a list or a map")
    tensor = value.type.tensor_type
    dtype = tensorflow_type(tensor.elem_type)
    if dtype is None:
        raise UserError(
            f"{file}: input {value.name!r} is of the type {type_name(tensor.elem_type)}, which is "
            "not supported; export the model in float32"
        )
    sizes = [_size(dim) for dim in tensor.shape.dim]
    node = names.allowed(value.name)
    if len(sizes) != 4 or dtype == tf.bool:
        return Input(value.name, node, dtype, tuple(sizes), None, False, False)
    first = _channels_first(sizes)
    if first is None:
        raise UserError(
            f"{file}: input {value.name!r} {_shape_text(value)}: which axis has the channels "
            f"(up to {_MOST_CHANNELS}) is not known; export the model with only batch, height and "
            "width free"
        )
    batch, *rest = sizes
    placed = (None, rest[1], rest[2], rest[0]) if first else (None, *rest)
    return Input(value.name, node, dtype, placed, batch, True, first)


def _size(dim: onnx.TensorShapeProto.Dimension) -> int | None:
    return dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None


def _channels_first(sizes: list[int | None]) -> bool | None:
    """Whether the second axis has the channels; None if that cannot be told."""
    _, second, _, last = sizes
    may_second = second if second is not None and second <= _MOST_CHANNELS else None
    may_last = last if last is not None and last <= _MOST_CHANNELS else None
    if may_second is not None and may_last is not None:
        return may_second <= may_last or may_last > 4
    return True if may_second is not None else False if may_last is not None else None


def _shape_text(value: onnx.ValueInfoProto) -> str:
    dims = value.type.tensor_type.shape.dim
    return f"[{', '.join(str(dim.dim_value or dim.dim_param or '?') for dim in dims)}]"
