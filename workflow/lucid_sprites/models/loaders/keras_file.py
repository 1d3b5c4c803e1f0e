"""Keras models from files: `.keras` archives, and HDF5 files of Keras 1 to 3.

No code in a file is run unless the user says that the file is to be trusted.
"""

import json
import runpy
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from lucid_sprites.errors import UserError

_HDF5 = b"\x89HDF\r\n\x1a\n"
# Keras layers that hold a Python function.
_CODE_CLASSES = ("Lambda", "__lambda__")


def load(path: Path, trust: bool, code: str | None) -> Any:
    """The model in a Keras file, without its compile state.

    Args:
        trust: run functions that are stored in the file.
        code: a Python file with the model's custom layers and functions, run before.

    Returns:
        a model of Keras 3, or of Keras 2 (`tf_keras`) where Keras 3 refuses the file.

    Raises:
        UserError: no whole Keras model, or one that needs what is not given.
    """
    config = _config(path)
    functions = sorted(set(_code_in(config)))
    if functions and not trust:
        raise UserError(
            f"{path}: holds Python functions ({', '.join(functions)}), which would run on loading; "
            "if you trust this file, say {instance: ..., trust: true} in config.yaml"
        )
    custom = _custom_objects(code)
    errors = []
    for loader in (_keras_3, _keras_2):
        try:
            return loader(path, trust, custom)
        # Keras raises whatever its layers raise.
        except Exception as error:
            errors.append(f"{loader.__doc__}: {_brief(error)}")
    raise UserError(
        f"{path}: Keras cannot load it ({'; '.join(errors)}); custom layers and functions can be "
        "given as {instance: ..., code: layers.py} in config.yaml; the surest way is to save the "
        "model as a frozen graph or a SavedModel where it was made"
    )


def _keras_3(path: Path, trust: bool, custom: dict[str, Any]) -> Any:
    """Keras 3"""
    import keras

    return keras.saving.load_model(path, custom_objects=custom, compile=False, safe_mode=not trust)


def _keras_2(path: Path, trust: bool, custom: dict[str, Any]) -> Any:
    """Keras 2"""
    import tf_keras

    return tf_keras.models.load_model(
        path, custom_objects=custom, compile=False, safe_mode=not trust
    )


def _config(path: Path) -> Any:
    """The architecture that a file holds."""
    try:
        start = path.open("rb").read(8)
        if start.startswith(b"PK"):
            return _config_of_archive(path)
        if start == _HDF5:
            return _config_of_hdf5(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: a damaged Keras file: {error}") from error
    raise UserError(f"{path}: neither a Keras archive nor an HDF5 file; save the model again")


def _config_of_archive(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        if "config.json" not in archive.namelist():
            raise UserError(f"{path}: a zip archive, but no Keras model (it has no config.json)")
        return json.loads(archive.read("config.json"))


def _config_of_hdf5(path: Path) -> Any:
    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            raise UserError(
                f"{path}: holds weights only, without the architecture that they belong to; save "
                "the whole model (model.save)"
            )
        return json.loads(file.attrs["model_config"])


def _code_in(config: Any) -> Iterator[str]:
    """Names of the layers that hold functions."""
    if isinstance(config, dict):
        if config.get("class_name") in _CODE_CLASSES:
            inner = config.get("config")
            name = inner.get("name") if isinstance(inner, dict) else None
            yield str(name or config.get("name") or config["class_name"])
            return
        for value in config.values():
            yield from _code_in(value)
    elif isinstance(config, list):
        for value in config:
            yield from _code_in(value)


def _custom_objects(code: str | None) -> dict[str, Any]:
    if code is None:
        return {}
    if not Path(code).is_file():
        raise UserError(f"{code}: no such file; `code` names a Python file with custom layers")
    names = runpy.run_path(code)
    return {name: value for name, value in names.items() if callable(value) and name[0] != "_"}


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]
