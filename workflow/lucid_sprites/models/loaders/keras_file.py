"""Keras models from files: `.keras` archives, and HDF5 files of Keras 1 to 3.

No code in a file is run unless the user says that the file is to be trusted.
"""

import functools
import inspect
import math
import runpy
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import keras_config, keras_copy
from lucid_sprites.models.loaders.keras_config import CustomNames

# Of weights that a model may have beyond those in its file: states of layers that are not saved.
_NUMBERS_NOT_SAVED = 1_000_000
# Weights of so many numbers begin as zeros: random ones, which the file's replace at once, would
# take longer than reading these, and three times the memory.
_MANY_NUMBERS = 1 << 16
# As `__name__` of the user's code.
_CODE = "custom_layers"
_KERAS = ("keras", "tf_keras", "tensorflow")


def load(path: Path, trust: bool, code: str | None) -> Any:
    """The model in a Keras file, without its compile state.

    Args:
        trust: build whatever the file names, and run functions that are stored in it.
        code: a Python file with the model's custom layers and functions, run before.

    Returns:
        a model of Keras 3, or of Keras 2 (`tf_keras`) where Keras 3 refuses the file.

    Raises:
        UserError: no whole Keras model, one that needs what is not given, or one beyond the limits
            of size.
    """
    config = keras_copy.read_config(path)
    if not trust:
        _refuse_code(config, path)
    custom = _custom_objects(code)
    config = keras_config.prepared(config, _names(custom))
    if not trust:
        _refuse_unknown(config, _names(custom), path)
    with tempfile.TemporaryDirectory(prefix="lucid-sprites-") as folder:
        return _build(keras_copy.write(path, config, Path(folder)), path, trust, custom)


def _refuse_code(config: Any, path: Path) -> None:
    functions = sorted(set(keras_config.code_in(config)))
    if functions:
        raise UserError(
            f"{path}: holds Python functions ({', '.join(functions)}), which would run on loading; "
            "if you trust this file, say {instance: ..., trust: true} in config.yaml"
        )


def _refuse_unknown(config: Any, custom: CustomNames, path: Path) -> None:
    unknown = list(dict.fromkeys(keras_config.unknown_in(config, custom)))
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise UserError(
            f"{path}: names {', '.join(unknown[:5])}{more}, which might do more than compute, and "
            "is not loaded; custom layers and functions can be given as {instance: ..., code: "
            "layers.py} in config.yaml; if you trust this file as much as a program, say "
            "{instance: ..., trust: true}"
        )


def _build(copy: keras_copy.Copy, path: Path, trust: bool, custom: dict[str, Any]) -> Any:
    errors = []
    for loader in (_keras_3, _keras_2):
        try:
            return loader(copy, trust, custom)
        except _TooManyWeightsError as error:
            raise UserError(f"{path}: {error}") from error
        # Keras raises whatever its layers raise.
        except Exception as error:
            errors.append(f"{loader.__doc__}: {_brief(error, copy.path, path)}")
    raise UserError(
        f"{path}: Keras cannot load it ({'; '.join(errors)}); custom layers and functions can be "
        "given as {instance: ..., code: layers.py} in config.yaml; the surest way is to save the "
        "model as a frozen graph or a SavedModel where it was made"
    )


def _keras_3(copy: keras_copy.Copy, trust: bool, custom: dict[str, Any]) -> Any:
    """Keras 3"""
    import keras

    with _weights_within(copy.numbers, keras.layers.Layer):
        return keras.saving.load_model(
            copy.path, custom_objects=custom, compile=False, safe_mode=not trust
        )


def _keras_2(copy: keras_copy.Copy, trust: bool, custom: dict[str, Any]) -> Any:
    """Keras 2"""
    import tf_keras

    with _weights_within(copy.numbers, tf_keras.layers.Layer):
        return tf_keras.models.load_model(
            copy.file(), custom_objects=custom, compile=False, safe_mode=not trust
        )


class _TooManyWeightsError(Exception):
    """A model asks for more weights than its file holds."""


@contextmanager
def _weights_within(numbers: int, layer: Any) -> Iterator[None]:
    """Let layers of one version of Keras make no more weights than a file of so many numbers fills.

    They are made before they are read: a layer of 10^9 units is one word in a configuration. Keras
    refuses files that lack any.
    """
    original = layer.add_weight
    signature = inspect.signature(original)
    # Models that are built anew inside others make their weights twice.
    left = 2 * numbers + _NUMBERS_NOT_SAVED

    @functools.wraps(original)
    def add_weight(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        given = signature.bind(*args, **kwargs)
        shape = np.atleast_1d(given.arguments.get("shape") or ())
        asked = math.prod(abs(int(edge or 1)) for edge in shape)
        left -= asked
        if left < 0:
            raise _TooManyWeightsError(
                f"layer {args[0].name} asks for weights of shape {tuple(shape)}, more than the "
                f"{numbers:,} numbers that the file holds"
            )
        if asked >= _MANY_NUMBERS:
            given.arguments["initializer"] = "zeros"
        return original(*given.args, **given.kwargs)

    layer.add_weight = add_weight
    try:
        yield
    finally:
        layer.add_weight = original


def _custom_objects(code: str | None) -> dict[str, Any]:
    """What the user's code offers by name: its own functions, and classes that it has or imports.

    Functions that it imports are not for a model file to call, and Keras' own classes are none of
    its own.
    """
    if code is None:
        return {}
    if not Path(code).is_file():
        raise UserError(f"{code}: no such file; `code` names a Python file with custom layers")
    # At the end, where its neighbours take the place of nothing.
    sys.path.append(str(Path(code).resolve().parent))
    try:
        names = runpy.run_path(code, run_name=_CODE)
    finally:
        sys.path.pop()
    objects = {name: value for name, value in names.items() if name[0] != "_" and _is_custom(value)}
    return objects | _registered()


def _is_custom(value: Any) -> bool:
    if inspect.isclass(value):
        return hasattr(value, "from_config") and not _is_of_keras(value)
    return inspect.isfunction(value) and value.__module__ == _CODE


def _is_of_keras(value: Any) -> bool:
    return value.__module__.split(".")[0] in _KERAS


def _registered() -> dict[str, Any]:
    """What code has registered with Keras, under names such as `mine>Half`."""
    objects: dict[str, Any] = {}
    for package in ("keras", "tf_keras"):
        if package in sys.modules:
            objects |= sys.modules[package].saving.get_custom_objects()
    return {name: value for name, value in objects.items() if not _is_of_keras(value)}


def _names(custom: dict[str, Any]) -> CustomNames:
    classes = frozenset(name for name, value in custom.items() if inspect.isclass(value))
    return CustomNames(classes, frozenset(custom) - classes)


def _brief(error: Exception, copy: Path, path: Path) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300].replace(str(copy), str(path))
