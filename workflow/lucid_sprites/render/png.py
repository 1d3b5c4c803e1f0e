"""Sprites as PNG files that carry their own record."""

import io
import json
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lucid_sprites.config.settings import sizes
from lucid_sprites.errors import UserError

_RECORD = "lucid-sprites"
"""Keyword of the text chunk with the record."""


def encode(picture: np.ndarray, record: dict[str, Any]) -> bytes:
    """A PNG of `picture`; equal pictures and records give equal bytes.

    Args:
        picture: float [height, width, channels] in 0..1. One channel is grey, three are colours;
            of other networks' pictures the first three channels are shown as colours. With
            `alpha` in the recipe of `record` the last channel is the opacity.
        record: plain data, kept in a text chunk.
    """
    # Truncated as lucid saves pictures, so that equal pictures give equal files.
    levels = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    alpha = record.get("recipe", {}).get("alpha", False)
    return _png(Image.fromarray(_shown(levels, alpha)), record)


def _shown(levels: np.ndarray, alpha: bool) -> np.ndarray:
    """The channels that a PNG can have."""
    channels = levels.shape[-1] - alpha
    if channels == 1:
        return levels if alpha else levels[..., 0]
    missing = np.zeros((*levels.shape[:2], max(0, 3 - channels)), np.uint8)
    colours = np.concatenate([levels[..., : min(channels, 3)], missing], axis=-1)
    return np.concatenate([colours, levels[..., -1:]], axis=-1) if alpha else colours


def empty(scale: int | list[int], record: dict[str, Any]) -> bytes:
    """A fully transparent PNG of the edge, or height and width, `scale`, for a failed sprite."""
    height, width = sizes(scale)
    return _png(Image.new("LA", (width, height)), record)


def read(path: str) -> tuple[Image.Image, dict[str, Any]]:
    """The picture and the record of a sprite.

    Raises:
        UserError: it cannot be read, or is no sprite.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return image, json.loads(image.text[_RECORD])
    except (OSError, KeyError, ValueError, SyntaxError, AttributeError) as error:
        raise UserError(f"{path}: not a whole sprite ({error}); delete it and run again") from error


def _png(image: Image.Image, record: dict[str, Any]) -> bytes:
    info = PngInfo()
    info.add_text(_RECORD, json.dumps(record, sort_keys=True))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()
