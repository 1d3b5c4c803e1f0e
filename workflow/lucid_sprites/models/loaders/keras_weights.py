"""The weights in an HDF5 file, copied as plain numbers.

HDF5 can do more than hold numbers: links and datasets may take their data from other files, and
what is compressed, or was never written, unpacks without bound. What Keras writes needs none of it.
"""

import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lucid_sprites.errors import UserError

_DEEPEST = 60
_MOST_OBJECTS = 200_000
# In bytes. Keras writes longer lists in parts.
_LONGEST_ATTRIBUTE = 1 << 16
# For others, HDF5 looks for libraries to load.
_FILTERS = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32)
# Numbers; Keras keeps bfloat16 as two bytes without a type.
_KINDS = ("b", "i", "u", "f")
_BFLOAT16 = np.dtype("V2")
# What Keras 2.13 and 2.14 call the layers of a model, and every later version.
_RENAMED = {"_layer_checkpoint_dependencies": "layers"}


def unpacked_limit(path: Path) -> int:
    """Bytes that a file may unpack to: weights hardly compress, except in small files."""
    return max(256 << 20, 10 * path.stat().st_size)


class WeightsCopy:
    """A copy of weights into another file, within limits.

    Attributes:
        numbers: that were copied so far.
    """

    def __init__(self, path: Path, limit: int) -> None:
        """Copy from a file.

        Args:
            path: for messages: the file that the user gave.
            limit: bytes of the copy.
        """
        self.numbers = 0
        self._path = path
        self._limit = limit
        self._bytes_left = limit
        self._objects_left = _MOST_OBJECTS

    def copy(self, source: h5py.Group, target: h5py.Group, depth: int = 0) -> None:
        """Copy the attributes and members of a group.

        Raises:
            UserError: something lies in another file or is too large.
        """
        if depth > _DEEPEST:
            raise UserError(f"{self._path}: its groups are nested deeper than {_DEEPEST}")
        self._copy_attributes(source, target)
        for name in source:
            self.copy_member(source, target, name, depth)

    def copy_member(
        self, source: h5py.Group, target: h5py.Group, name: str, depth: int = 0
    ) -> None:
        """Copy a group or dataset of a group, if it is there.

        Raises:
            UserError: as `copy`.
        """
        member = self._member(source, name)
        if isinstance(member, h5py.Group):
            self.copy(member, target.create_group(_RENAMED.get(name, name)), depth + 1)
        elif isinstance(member, h5py.Dataset):
            self._copy_dataset(member, target, name)

    def _member(self, group: h5py.Group, name: str) -> Any:
        self._objects_left -= 1
        if self._objects_left < 0:
            raise UserError(f"{self._path}: holds more than {_MOST_OBJECTS:,} datasets")
        # A name is not followed before it is known where to.
        link = group.get(name, getlink=True)
        if link is not None and not isinstance(link, h5py.HardLink):
            raise UserError(
                f"{self._path}: {group.name}/{name} is a link to another place or file; weights "
                "lie in the file itself"
            )
        return group.get(name)

    def _copy_dataset(self, source: h5py.Dataset, target: h5py.Group, name: str) -> None:
        self._check_storage(source)
        self._take(
            source.name,
            max(_bytes(source.shape, source.dtype), _bytes(source.chunks, source.dtype)),
        )
        self.numbers += source.size
        copy = target.create_dataset(name, data=source[()])
        self._copy_attributes(source, copy)

    def _check_storage(self, dataset: h5py.Dataset) -> None:
        if dataset.is_virtual or dataset.external:
            raise UserError(f"{self._path}: the numbers of {dataset.name} lie in another file")
        is_number = dataset.dtype.kind in _KINDS or dataset.dtype == _BFLOAT16
        if dataset.shape is None or not is_number:
            raise UserError(f"{self._path}: {dataset.name} holds something else than numbers")
        made = dataset.id.get_create_plist()
        if any(made.get_filter(n)[0] not in _FILTERS for n in range(made.get_nfilters())):
            raise UserError(f"{self._path}: {dataset.name} is compressed, but not with gzip")

    def _take(self, name: str, size: int) -> None:
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise UserError(
                f"{self._path}: with {name}, its weights unpack to more than "
                f"{self._limit >> 20:,} MB, the limit for a file of its size"
            )

    def _copy_attributes(
        self, source: h5py.Group | h5py.Dataset, target: h5py.Group | h5py.Dataset
    ) -> None:
        for name in source.attrs:
            if is_plain(source, name):
                target.attrs[name] = source.attrs[name]


def is_plain(owner: h5py.Group | h5py.Dataset, name: str) -> bool:
    """Whether an attribute is one string, or a short list of strings or numbers."""
    attribute = owner.attrs.get_id(name)
    is_string = h5py.check_string_dtype(attribute.dtype) is not None
    if is_string and attribute.shape == ():
        return True
    is_known = is_string or attribute.dtype.kind in _KINDS
    return is_known and _bytes(attribute.shape, attribute.dtype) <= _LONGEST_ATTRIBUTE


def _bytes(shape: tuple[int, ...] | None, dtype: np.dtype) -> int:
    return math.prod(shape or ()) * dtype.itemsize
