"""Data as scripts: what a page that is opened from disk can load when it needs it."""

import json
import math
from typing import Any

from lucid_sprites.made import mark

_RECEIVER = "receiveData"
"""The page's function that takes in what a script brings."""


def script(key: str, value: Any, made: str | None = None) -> str:
    """A script that hands `value` to the page under `key`.

    Args:
        made: what it says of how it was made (see `lucid_sprites.made`).
    """
    said = f"/*{mark(made)}*/" if made else ""
    return f"{said}{_RECEIVER}({to_json(key)},{to_json(value)});\n"


def to_json(value: Any) -> str:
    """JSON that can stand inside a page: no NaN, no `<` that could end a script."""
    text = json.dumps(_finite(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c")


def _finite(value: Any) -> Any:
    """The same data with None for numbers that JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
