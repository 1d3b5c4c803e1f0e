"""Pictures as people have them, made into what a network is fed."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from lucid_sprites.errors import UserError
from lucid_sprites.files import PICTURE, check_input
from lucid_sprites.models.picture_input import PictureInput

_MODES = {1: "L", 3: "RGB"}
"""Pillow's mode for each number of channels."""

_SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N", "I")


def read(path: str | Path) -> Image.Image:
    """The picture in a file, upright and in mode `L` or `RGB`.

    What the file is decides its content, not its name. Transparent parts become white, pictures of
    16 bits or floating point are scaled to 8 bits, and of an animation the first frame is taken.

    Raises:
        UserError: missing, truncated, no picture, or too large to be opened.
    """
    check_input(path, PICTURE)
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
    except Image.UnidentifiedImageError as error:
        raise UserError(f"{path}: not a picture that Pillow can read") from error
    except Exception as error:  # a torn file can raise nearly anything from Pillow's decoders
        raise UserError(f"{path}: the picture cannot be read: {error}") from error
    return _plain(upright)


def fit(image: Image.Image, picture: PictureInput, limit: int, stretch: bool = False) -> np.ndarray:
    """The picture as the network wants it, in grey levels.

    A network of fixed size gets its size: the largest part in the middle that has its proportions,
    or the whole picture if it is to be stretched. Otherwise the picture keeps its own size up to a
    longest edge of `limit` pixels.

    Returns:
        float32 [height, width, channels] in 0..255.

    Raises:
        UserError: the network takes neither 1 nor 3 channels.
    """
    if picture.channels not in _MODES:
        raise UserError(
            f"the network takes pictures of {picture.channels} channels; photos have 1 or 3"
        )
    image = image.convert(_MODES[picture.channels])
    scale = min(1.0, limit / max(image.size))
    width = picture.width or max(1, round(image.width * scale))
    height = picture.height or max(1, round(image.height * scale))
    if stretch:
        fitted = image.resize((width, height), Image.Resampling.LANCZOS)
    else:
        fitted = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    return np.asarray(fitted, np.float32).reshape(height, width, picture.channels)


def in_range(levels: np.ndarray, picture: PictureInput) -> np.ndarray:
    """Grey levels 0..255 as values of the network's own range."""
    return (picture.low + levels / 255 * (picture.high - picture.low)).astype(np.float32)


def _plain(image: Image.Image) -> Image.Image:
    if image.mode in _SIXTEEN_BITS:
        values = np.asarray(image, np.float64)
        # Pillow opens 16 bits as 32 in some formats; what fits into 8 bits is left as it is.
        return Image.fromarray((values / (257 if values.max() > 255 else 1)).astype(np.uint8))
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image, np.float64))
        span = np.ptp(values) or 1.0
        return Image.fromarray(((values - values.min()) * (255 / span)).astype(np.uint8))
    if image.mode in ("1", "L"):
        return image.convert("L")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        opaque = image.convert("RGBA")
        white = Image.new("RGBA", opaque.size, "white")
        return Image.alpha_composite(white, opaque).convert("RGB")
    return image.convert("RGB")
