"""Sprites as PNG files that carry their own record."""

import io
import json
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lucid_sprites.errors import DamagedError, UserError

_RECORD = "lucid-sprites"
"""Keyword of the text chunk with the record."""


def encode(picture: np.ndarray, record: dict[str, Any]) -> bytes:
    """A PNG of `picture`; equal pictures and records give equal bytes.

    Args:
        picture: float [height, width, channels] in 0..1; 1, 3 or 4 channels.
        record: plain data, kept in a text chunk.
    """
    # Truncated as lucid saves pictures, so that equal pictures give equal files.
    return encode_levels((np.clip(picture, 0, 1) * 255).astype(np.uint8), record)


def encode_levels(levels: np.ndarray, record: dict[str, Any]) -> bytes:
    """`encode` for a picture that is in levels already: uint8 [height, width, channels]."""
    return _png(Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels), record)


def empty(edge: int, record: dict[str, Any]) -> bytes:
    """A fully transparent PNG, for a sprite that failed."""
    return _png(Image.new("LA", (edge, edge)), record)


def read(path: str) -> tuple[Image.Image, dict[str, Any]]:
    """The picture and the record of a sprite.

    Raises:
        UserError: it cannot be read.
        DamagedError: it is no whole sprite.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
            return image, json.loads(image.text[_RECORD])
    except (FileNotFoundError, PermissionError) as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # a torn or foreign file can raise nearly anything
        raise DamagedError(f"{path}: not a whole sprite ({error})") from error


def _png(image: Image.Image, record: dict[str, Any]) -> bytes:
    info = PngInfo()
    info.add_text(_RECORD, json.dumps(record, sort_keys=True))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()
