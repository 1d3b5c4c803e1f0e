"""Names of classes that an ONNX file brings in its metadata."""

import ast
import contextlib
from collections.abc import Callable
from typing import Any

import onnx

from lucid_sprites.config import labels
from lucid_sprites.errors import UserError

# Of the metadata; Ultralytics writes `names`: {0: 'person', 1: 'bicycle', ...}.
_KEYS = ("names", "labels", "classes")
_LONGEST = 2**20


def labels_in(model: onnx.ModelProto) -> tuple[str, ...]:
    """The names, in the order of the classes; none where there are none that can be read."""
    written = {entry.key: entry.value for entry in model.metadata_props}
    for key in _KEYS:
        with contextlib.suppress(UserError):
            return labels.names_of(_literal(written.get(key, "")), f"metadata {key}")
    return ()


def _literal(text: str) -> Any:
    """What a literal of Python or JSON stands for; None if it is none."""
    read: Callable[[str], Any] = ast.literal_eval
    # Deep nesting and damage end in many kinds of errors; nothing is run.
    with contextlib.suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return read(text) if len(text) <= _LONGEST else None
    return None
