"""The architecture in a Keras file: how much of it is read, and what of it may be built.

Keras builds whatever the configuration names: classes, functions, and things of any module. It is
walked as a whole before: every dictionary with a `class_name` counts as an object, wherever it is.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import keras_names

# That of NASNetLarge, among the longest, has 2 MB, 1,040 layers, and is nested 10 deep.
LONGEST = 16 << 20
_DEEPEST = 200
_MOST_LAYERS = 4000

# Python functions as code.
_CODE_CLASSES = ("Lambda", "__lambda__")
# Keys whose strings name a function or a class.
_FUNCTION_ENDINGS = ("activation", "initializer", "regularizer", "constraint")
_LAYER_KEYS = ("layer", "layers", "cell", "cells", "forward_layer", "backward_layer")
_LAYER_CLASSES = (
    keras_names.MODELS | keras_names.LAYERS | keras_names.OPERATIONS | keras_names.CALLS
)
_NUMBERS = frozenset(
    f"{kind}{bits}" for kind in ("int", "uint", "float", "bfloat") for bits in (8, 16, 32, 64)
) | {"bool"}


@dataclass(frozen=True)
class CustomNames:
    """What the user's own code adds to the names that a file may use.

    Attributes:
        classes: of layers, and of what else has a configuration.
        functions: such as activations.
    """

    classes: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()


def parse(text: str | bytes, path: Path) -> Any:
    """The configuration of a model.

    Raises:
        UserError: it is no JSON, too long, too deeply nested, or has too many layers.
    """
    if len(text) > LONGEST:
        raise too_long(path)
    try:
        config = json.loads(text)
    except RecursionError:
        raise _too_deep(path) from None
    except ValueError as error:
        raise UserError(f"{path}: a damaged Keras file: {error}") from error
    _refuse_deep(config, path, _DEEPEST)
    calls = _layer_calls(config)
    if calls > _MOST_LAYERS:
        raise UserError(
            f"{path}: its layers are called {min(calls, 10**9):,} times in all; at most "
            f"{_MOST_LAYERS:,} are built"
        )
    return config


def too_long(path: Path) -> UserError:
    """The error for a configuration of more than `LONGEST` bytes."""
    return UserError(
        f"{path}: the configuration of its layers is longer than {LONGEST >> 20} MB, the limit"
    )


def _too_deep(path: Path) -> UserError:
    return UserError(
        f"{path}: the configuration of its layers is nested deeper than {_DEEPEST}, the limit"
    )


def _refuse_deep(value: Any, path: Path, left: int) -> None:
    if left == 0:
        raise _too_deep(path)
    for child in _children(value):
        _refuse_deep(child, path, left - 1)


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _layer_calls(value: Any) -> int:
    """How often layers are called; a model in a model is called as a whole."""
    inside = sum(map(_layer_calls, _children(value)))
    if not isinstance(value, dict) or "class_name" not in value:
        return inside
    nodes = value.get("inbound_nodes")
    if nodes is None and not _is_among(value["class_name"], _LAYER_CLASSES):
        return inside
    return max(len(nodes) if isinstance(nodes, list) else 1, 1) * (1 + inside)


def code_in(value: Any) -> Iterator[str]:
    """Names of the layers that hold Python functions as code."""
    if isinstance(value, dict) and value.get("class_name") in _CODE_CLASSES:
        inner = value.get("config")
        name = inner.get("name") if isinstance(inner, dict) else None
        yield str(name or value.get("name") or value["class_name"])
        return
    for child in _children(value):
        yield from code_in(child)


def prepared(value: Any, custom: CustomNames) -> Any:
    """The configuration as Keras is to read it.

    Without what belongs to training, and without the modules of custom objects, which Keras 2
    would import.
    """
    if isinstance(value, list):
        return [prepared(child, custom) for child in value]
    if not isinstance(value, dict):
        return value
    kept = {key: prepared(child, custom) for key, child in value.items()}
    if "class_name" in kept:
        kept.pop("compile_config", None)
        name = _custom_class(kept, custom)
        if name is not None and "module" in kept:
            kept |= {"module": None, "registered_name": name}
    return kept


def _custom_class(value: dict[str, Any], custom: CustomNames) -> str | None:
    names = (value.get("registered_name"), value["class_name"])
    return next((name for name in names if isinstance(name, str) and name in custom.classes), None)


def unknown_in(value: Any, custom: CustomNames) -> Iterator[str]:
    """What a configuration names and may not: classes, functions, and modules, in words."""
    if isinstance(value, dict) and "class_name" in value:
        yield from _unknown_object(value, custom)
        if _custom_class(value, custom) is not None:
            # Its own words are for the user's code to read.
            value = {**value, "config": list(_children(value.get("config")))}
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _unknown_words(key, child, custom)
    for child in _children(value):
        yield from unknown_in(child, custom)


def _unknown_object(value: dict[str, Any], custom: CustomNames) -> Iterator[str]:
    if _custom_class(value, custom) is not None:
        return
    name, config = value["class_name"], value.get("config")
    if name == "function":
        if not _is_among(config, keras_names.FUNCTIONS | custom.functions):
            yield f"the function {config!r:.80}"
    elif not _is_among(name, keras_names.CLASSES):
        yield f"the class {name!r:.80}"
    elif name in ("__numpy__", "__tensor__") and not _is_of_numbers(config):
        yield f"{name} of something else than numbers"
    if not _is_among(value.get("module", "keras") or "keras", keras_names.MODULES):
        yield f"the module {value['module']!r:.80}"
    registered = value.get("registered_name")
    if registered not in (None, name, f"Custom>{name}", config if name == "function" else None):
        yield f"the registered name {registered!r:.80}"


def _unknown_words(key: str, value: Any, custom: CustomNames) -> Iterator[str]:
    """Of a key whose strings Keras takes as names."""
    if key == "function":
        known = keras_names.TENSORFLOW_FUNCTIONS
    elif key.endswith(_FUNCTION_ENDINGS):
        known = keras_names.FUNCTIONS | custom.functions | custom.classes
    elif key in _LAYER_KEYS:
        known = frozenset()
    else:
        return
    for word in value if isinstance(value, list) else [value]:
        if isinstance(word, str) and word not in known:
            yield f"the {key} {word!r:.80}"


def _is_among(value: Any, known: frozenset[str]) -> bool:
    return isinstance(value, str) and value in known


def _is_of_numbers(config: Any) -> bool:
    return isinstance(config, dict) and _is_among(config.get("dtype"), _NUMBERS)
