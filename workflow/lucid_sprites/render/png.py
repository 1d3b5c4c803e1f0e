"""Sprites as PNG files that carry their own record."""

import io
import json
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

RECORD = "lucid-sprites"
"""Keyword of the text chunk with the record."""


def encode(picture: np.ndarray, record: dict[str, Any]) -> bytes:
    """A PNG of `picture`; equal pictures and records give equal bytes.

    Args:
        picture: float [height, width, channels] in 0..1; 1, 3 or 4 channels.
        record: plain data, kept in a text chunk.
    """
    # Truncated as lucid saves pictures, so that equal pictures give equal files.
    levels = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return _png(Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels), record)


def empty(edge: int, record: dict[str, Any]) -> bytes:
    """A fully transparent PNG, for a sprite that failed."""
    return _png(Image.new("LA", (edge, edge)), record)


def record(path: str) -> dict[str, Any]:
    """The record of a sprite's PNG."""
    with Image.open(path) as image:
        return json.loads(image.text[RECORD])


def _png(image: Image.Image, record: dict[str, Any]) -> bytes:
    info = PngInfo()
    info.add_text(RECORD, json.dumps(record, sort_keys=True))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()
