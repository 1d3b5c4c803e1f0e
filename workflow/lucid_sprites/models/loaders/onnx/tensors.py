"""Tensors of an ONNX file as arrays, checked against what their sizes promise."""

import math
import mmap
import os
from pathlib import Path

import numpy as np
import onnx
import tensorflow as tf
from onnx import TensorProto, numpy_helper

from lucid_sprites.errors import UserError

# Networks of half precision are computed in single precision.
_TYPES: dict[int, tf.DType] = {
    TensorProto.FLOAT: tf.float32, TensorProto.FLOAT16: tf.float32,
    TensorProto.BFLOAT16: tf.float32, TensorProto.DOUBLE: tf.float64,
    TensorProto.INT8: tf.int8, TensorProto.UINT8: tf.uint8,
    TensorProto.INT16: tf.int16, TensorProto.UINT16: tf.uint16, TensorProto.INT32: tf.int32,
    TensorProto.UINT32: tf.uint32, TensorProto.INT64: tf.int64, TensorProto.UINT64: tf.uint64,
    TensorProto.BOOL: tf.bool,
}  # fmt: skip
_HALVES = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
# Typed fields that hold numbers; halves are kept as whole numbers.
_FIELDS: dict[int, str] = {TensorProto.FLOAT: "float_data", TensorProto.DOUBLE: "double_data",
           TensorProto.INT64: "int64_data", TensorProto.UINT64: "uint64_data",
           TensorProto.UINT32: "uint64_data"}  # fmt: skip


def tensorflow_type(kind: int) -> tf.DType | None:
    """The type that numbers of an ONNX type get, None if it is not supported."""
    return _TYPES.get(kind)


def type_name(kind: int) -> str:
    """What ONNX calls a type."""
    known = kind in TensorProto.DataType.values()
    return TensorProto.DataType.Name(kind) if known else f"number {kind}"


class TensorReader:
    """Reads the tensors of one model file, and of the files beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = Path(os.path.realpath(path.parent))

    def read(self, tensor: TensorProto) -> np.ndarray:
        """The numbers of a tensor.

        Raises:
            UserError: another number of them than its shape says, a type that is not supported, or
                data in a file that is not there or not inside the model's folder.
        """
        if tensor.data_type not in _TYPES:
            raise self._error(
                tensor, f"its type {type_name(tensor.data_type)} is not supported; export the "
                "model in float32"
            )  # fmt: skip
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
        count = self._count(tensor)
        if tensor.data_location == TensorProto.EXTERNAL:
            value = self._external(tensor, dtype, count)
        elif tensor.HasField("raw_data"):
            value = self._raw(tensor, dtype, count)
        else:
            self._check_count(tensor, count)
            value = numpy_helper.to_array(tensor)
        shaped = value.reshape(tuple(tensor.dims))
        return shaped.astype(np.float32) if tensor.data_type in _HALVES else shaped

    def _count(self, tensor: TensorProto) -> int:
        if any(size < 0 for size in tensor.dims):
            raise self._error(tensor, f"its shape {list(tensor.dims)} has a size below 0")
        return math.prod(tensor.dims)

    def _raw(self, tensor: TensorProto, dtype: np.dtype, count: int) -> np.ndarray:
        data = tensor.raw_data
        if len(data) != count * dtype.itemsize:
            raise self._error(
                tensor, f"{len(data)} bytes do not make a tensor {list(tensor.dims)} of "
                f"{type_name(tensor.data_type)}; the file is damaged"
            )  # fmt: skip
        return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype, copy=False)

    def _check_count(self, tensor: TensorProto, count: int) -> None:
        stored = len(getattr(tensor, _FIELDS.get(tensor.data_type, "int32_data")))
        if stored != count:
            raise self._error(
                tensor, f"{stored} numbers do not make a tensor {list(tensor.dims)}; the file is "
                "damaged"
            )  # fmt: skip

    def _external(self, tensor: TensorProto, dtype: np.dtype, count: int) -> np.ndarray:
        """Numbers that lie in a file of their own."""
        entries = {entry.key: entry.value for entry in tensor.external_data}
        path = self._inside(tensor, entries.get("location", ""))
        try:
            offset = int(entries.get("offset", 0))
            length = int(entries.get("length", count * dtype.itemsize))
        except ValueError as error:
            raise self._error(tensor, f"its place in {path.name} is no number") from error
        needed = count * dtype.itemsize
        if length != needed or offset < 0 or offset + needed > path.stat().st_size:
            raise self._error(
                tensor, f"it takes {needed} bytes of {path}, from {offset}; that file has "
                f"{path.stat().st_size}; copy it again from where the model was exported"
            )  # fmt: skip
        if not needed:
            return np.empty(0, dtype)
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(data, dtype.newbyteorder("<"), count, offset).astype(dtype, copy=False)

    def _inside(self, tensor: TensorProto, location: str) -> Path:
        """The file that a tensor names, if it is in the model's folder."""
        if not location or "\0" in location:
            raise self._error(tensor, "it lies in a file without a name")
        path = Path(os.path.realpath(self._folder / location))
        outside = os.path.isabs(location) or not path.is_relative_to(self._folder)
        if outside or os.path.normpath(location) != str(path.relative_to(self._folder)):
            raise self._error(
                tensor, f"its data {location!r} do not lie in the model's own folder (links and "
                "paths that lead out of it are not followed); put the file beside the model"
            )  # fmt: skip
        if not path.is_file():
            raise self._error(
                tensor, f"its data {path} are missing; copy this file, too, or export the model "
                "with external_data=False"
            )  # fmt: skip
        return path

    def _error(self, tensor: TensorProto, why: str) -> UserError:
        return UserError(f"{self._path}: weights {tensor.name!r}: {why}")
