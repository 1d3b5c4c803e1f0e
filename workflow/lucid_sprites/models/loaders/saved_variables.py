"""The variables of a SavedModel, read from its files as data."""

import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph.graph_check import shown

_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
_PREFIX = "variables"
# What the reader raises of damaged files.
_ERRORS = (tf.errors.OpError, RuntimeError, ValueError, TypeError, OverflowError)


class Checkpoint:
    """A folder `variables` of a SavedModel; one without variables may have none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _PREFIX
        self._reader: Any = None
        if not self._folder.is_dir():
            return
        files = [path for path in self._folder.glob(f"{_PREFIX}.*") if path.is_file()]
        self._bytes = sum(path.stat().st_size for path in files)
        try:
            self._reader = tf.train.load_checkpoint(str(self._folder / _PREFIX))
            self._shapes = self._reader.get_variable_to_shape_map()
            self._types = self._reader.get_variable_to_dtype_map()
        except _ERRORS as error:
            raise UserError(f"{self._folder}: cannot be read: {_brief(error)}") from error

    @property
    def is_there(self) -> bool:
        """Whether the folder exists."""
        return self._reader is not None

    def has(self, key: str) -> bool:
        """Whether there is a variable of this key."""
        return self.is_there and key in self._shapes

    def read(self, key: str, slices: str = "") -> np.ndarray:
        """A variable's value.

        Args:
            slices: which part of it, as TensorFlow writes it: the whole shape and, for each axis,
                `start,length` or `-`.

        Raises:
            UserError: its place in the files is wrong, or it claims to be larger than they are.
        """
        label = f"{self._folder}: variable {shown(key)}"
        size = prod(self._shapes[key]) * self._types[key].size
        if self._types[key] != tf.string and size > self._bytes:
            raise UserError(
                f"{label} claims to have {size:.3g} bytes, the files of all have {self._bytes}: "
                "they are damaged; export the model again"
            )
        try:
            value: np.ndarray = self._reader.get_tensor(key)
            return value[_parts(slices)] if slices else value
        except (*_ERRORS, IndexError) as error:
            raise UserError(f"{label} cannot be read: {_brief(error)}") from error

    def objects(self) -> TrackableObjectGraph:
        """Which object owns which variable, for models of TensorFlow 2."""
        if not self.has(_OBJECTS):
            return TrackableObjectGraph()
        return TrackableObjectGraph.FromString(self.read(_OBJECTS))


def _parts(slices: str) -> tuple[slice, ...]:
    parts = []
    for text in slices.rpartition(" ")[2].split(":"):
        match = re.fullmatch(r"(\d+),(\d+)", text)
        start, length = map(int, match.groups()) if match else (0, None)
        parts.append(slice(start, None if length is None else start + length))
    return tuple(parts)


def _brief(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
