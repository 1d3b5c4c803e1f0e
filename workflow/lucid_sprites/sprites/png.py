"""Sprites as PNG files that carry their own record."""

import io
import json
from binascii import crc32
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from lucid_sprites.errors import DamagedError, UserError
from lucid_sprites.made import mark
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import SILENT

T = TypeVar("T")

_RECORD = "lucid-sprites"
"""Keyword of the text chunk with the record."""

_MADE = "made"
"""Keyword of the text chunk before it, which says how the picture was made."""

_FIRST_CHUNK = 33
"""Where it stands, behind the signature and the picture's size."""


_FAINT = 0.35
"""Opacity of the picture of a unit that does not fire."""

Record: TypeAlias = Mapping[str, Any]
"""What a picture says of itself, as plain data: of a sprite see `sprites.records`, of what pictures
excite `images.panels`."""


def encode(picture: np.ndarray, record: Record) -> bytes:
    """A PNG of `picture`; equal pictures and records give equal bytes.

    Args:
        picture: float [height, width, channels] in 0..1. One channel is grey, three are colours;
            of other networks' pictures those that `shown` of the record's input names are shown, or
            else the first three, as colours. With `alpha` in the recipe of `record` the last
            channel is the opacity.
        record: plain data, kept in a text chunk. If it says that the unit was silent, the picture
            is faint: not to be taken for a result.
    """
    # Truncated as lucid saves pictures, so that equal pictures give equal files.
    levels = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    recipe = record.get("recipe")
    alpha = isinstance(recipe, dict) and recipe.get("alpha", False)
    said = record.get("input")
    channels = said.get("shown") if isinstance(said, dict) else None
    shown = _shown(_picked(levels, channels, alpha), alpha)
    return encode_levels(_faint(shown, alpha) if record.get("status") == SILENT else shown, record)


def encode_levels(levels: np.ndarray, record: Record) -> bytes:
    """`encode` for what a PNG can hold already: uint8 [height, width(, 1, 2, 3 or 4)]."""
    grey = levels.ndim == 3 and levels.shape[-1] == 1
    return _png(Image.fromarray(levels[..., 0] if grey else levels), record)


def marked(png: bytes, made: str) -> bytes:
    """A PNG of `encode` that says how it was made (see `lucid_sprites.made`)."""
    return png[:_FIRST_CHUNK] + _text_chunk(_MADE, mark(made)) + png[_FIRST_CHUNK:]


def save_marked(image: Image.Image, path: str, made: str) -> None:
    """Write a PNG that says how it was made."""
    info = PngInfo()
    info.add_text(_MADE, mark(made))
    image.save(path, "PNG", pnginfo=info)


def without(png: bytes, name: str) -> bytes:
    """A PNG of `encode` whose record does not tell `name`."""
    data = _FIRST_CHUNK + 8
    end = data + int.from_bytes(png[_FIRST_CHUNK : _FIRST_CHUNK + 4], "big")
    record = json.loads(png[data:end].partition(b"\0")[2])
    if name not in record:
        return png
    del record[name]
    return png[:_FIRST_CHUNK] + _text_chunk(_RECORD, _as_text(record)) + png[end + 4 :]


def _text_chunk(keyword: str, text: str) -> bytes:
    content = b"tEXt" + keyword.encode() + b"\0" + text.encode()
    sizes = len(content) - 4, crc32(content)
    return sizes[0].to_bytes(4, "big") + content + sizes[1].to_bytes(4, "big")


def _picked(levels: np.ndarray, channels: Sequence[int] | None, alpha: bool) -> np.ndarray:
    """The channels that are to be shown, and the opacity."""
    if channels is None:
        return levels
    return levels[..., [*channels, -1] if alpha else list(channels)]


def _shown(levels: np.ndarray, alpha: bool) -> np.ndarray:
    """The channels that a PNG can have."""
    channels = levels.shape[-1] - alpha
    if channels == 1:
        return levels if alpha else levels[..., 0]
    missing = np.zeros((*levels.shape[:2], max(0, 3 - channels)), np.uint8)
    colours = np.concatenate([levels[..., : min(channels, 3)], missing], axis=-1)
    return np.concatenate([colours, levels[..., -1:]], axis=-1) if alpha else colours


def _faint(levels: np.ndarray, alpha: bool) -> np.ndarray:
    """A picture with little opacity."""
    levels = levels[..., None] if levels.ndim == 2 else levels
    colours = levels[..., :-1] if alpha else levels
    opacity = levels[..., -1:] if alpha else np.full((*levels.shape[:2], 1), 255, np.uint8)
    return np.concatenate([colours, (_FAINT * opacity).astype(np.uint8)], axis=-1)


def empty(size: Size, record: Record) -> bytes:
    """A fully transparent PNG for a failed sprite."""
    return _png(Image.new("LA", (size.width, size.height)), record)


def read(path: str) -> tuple[Image.Image, Record]:
    """The picture and the record of a sprite.

    Raises:
        UserError: it cannot be read.
        DamagedError: it is no whole sprite.
    """

    def whole(image: PngImageFile) -> tuple[Image.Image, Record]:
        image.load()
        return image, json.loads(image.text[_RECORD])

    return _read(path, whole)


def record(path: str) -> Record:
    """The record of a picture, which stands before its pixels, alone.

    Raises:
        UserError: it cannot be read.
        DamagedError: it has no whole record.
    """
    return _read(path, lambda image: json.loads(image.info[_RECORD]))


def _read(path: str, take: Callable[[PngImageFile], T]) -> T:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return take(cast(PngImageFile, image))
    except (FileNotFoundError, PermissionError) as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # a torn or foreign file can raise nearly anything
        raise DamagedError(f"{path}: not a whole sprite ({error})") from error


def _png(image: Image.Image, record: Record) -> bytes:
    info = PngInfo()
    info.add_text(_RECORD, _as_text(record))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def _as_text(record: Record) -> str:
    return json.dumps(record, sort_keys=True)
