"""Keras files taken apart, and put together again from what was checked.

Keras itself only ever reads the copy: a configuration and numbers. Assets, pickles, training state
and whatever else lies in the file stay where they are.
"""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import h5py

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import keras_config
from lucid_sprites.models.loaders.keras_weights import WeightsCopy, is_plain, unpacked_limit

_HDF5 = b"\x89HDF\r\n\x1a\n"
_CONFIG = "config.json"
_WEIGHTS = "model.weights.h5"
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE = 1 << 20


@dataclass(frozen=True)
class Copy:
    """What Keras may read.

    Attributes:
        path: an HDF5 file, or a folder of what an archive holds, whose weights Keras 3 reads one by
            one.
        numbers: that its weights hold.
    """

    path: Path
    numbers: int

    def file(self) -> Path:
        """The same as one file: Keras 2 takes no folder."""
        if not self.path.is_dir():
            return self.path
        archive_path = self.path.with_suffix(".keras")
        with zipfile.ZipFile(archive_path, "w") as archive:
            for member in (_CONFIG, _WEIGHTS):
                archive.write(self.path / member, member)
        return archive_path


def read_config(path: Path) -> Any:
    """The architecture that a file holds.

    Raises:
        UserError: it is no whole Keras model, or beyond the limits.
    """
    with _readable(path):
        text = _config_of_archive(path) if _is_archive(path) else _config_of_hdf5(path)
    return keras_config.parse(text, path)


def write(path: Path, config: Any, folder: Path) -> Copy:
    """A copy of a file's weights, with an architecture.

    Raises:
        UserError: the weights lie elsewhere, are no numbers, or unpack beyond the limit.
    """
    with _readable(path):
        return (
            _write_archive(path, config, folder)
            if _is_archive(path)
            else _write_hdf5(path, config, folder)
        )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    # Damaged files make zlib and HDF5 raise whatever they run into.
    except Exception as error:
        raise UserError(f"{path}: a damaged Keras file: {error}") from error


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(len(_HDF5))
    if not start.startswith(b"PK") and start != _HDF5:
        raise UserError(f"{path}: neither a Keras archive nor an HDF5 file; save the model again")
    return start != _HDF5


def _config_of_archive(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        if _CONFIG not in archive.namelist():
            raise UserError(f"{path}: a zip archive, but no Keras model (it has no config.json)")
        with _member(archive, _CONFIG, path) as config:
            # One byte more than allowed, whatever length the archive claims.
            return config.read(keras_config.LONGEST + 1)


def _config_of_hdf5(path: Path) -> str | bytes:
    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            raise UserError(
                f"{path}: holds weights only, without the architecture that they belong to; save "
                "the whole model (model.save)"
            )
        if not is_plain(file, "model_config"):
            raise UserError(f"{path}: its model_config is no text")
        config: str | bytes = file.attrs["model_config"]
        return config


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> IO[bytes]:
    infos = [info for info in archive.infolist() if info.filename == name]
    if len(infos) != 1:
        raise UserError(f"{path}: holds {len(infos)} files {name}; a Keras model holds one")
    if infos[0].compress_type not in _COMPRESSIONS:
        raise UserError(f"{path}: {name} is compressed in a way that Keras does not use")
    return archive.open(infos[0])


def _write_archive(path: Path, config: Any, folder: Path) -> Copy:
    packed, target_path = folder / "packed.h5", folder / "model"
    with zipfile.ZipFile(path) as archive, _member(archive, _WEIGHTS, path) as member:
        _unpack(member, packed, path)
    copy = WeightsCopy(path, unpacked_limit(path))
    target_path.mkdir()
    with h5py.File(packed) as source, h5py.File(target_path / _WEIGHTS, "w") as target:
        copy.copy(source, target)
    packed.unlink()
    (target_path / _CONFIG).write_text(json.dumps(config))
    return Copy(target_path, copy.numbers)


def _unpack(member: IO[bytes], target: Path, path: Path) -> None:
    limit = unpacked_limit(path)
    left = limit
    with target.open("wb") as file:
        while piece := member.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise UserError(
                    f"{path}: {_WEIGHTS} unpacks to more than {limit >> 20:,} MB, the limit for a "
                    "file of its size"
                )
            file.write(piece)


def _write_hdf5(path: Path, config: Any, folder: Path) -> Copy:
    copy = WeightsCopy(path, unpacked_limit(path))
    target_path = folder / "model.h5"
    with h5py.File(path) as source, h5py.File(target_path, "w") as target:
        copy.copy_member(source, target, "model_weights")
        for name in ("keras_version", "backend"):
            if name in source.attrs and is_plain(source, name):
                target.attrs[name] = source.attrs[name]
        target.attrs["model_config"] = json.dumps(config)
    return Copy(target_path, copy.numbers)
