"""Photos as they are found on disks, read to squares of one size."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from lucid_sprites.errors import UserError
from lucid_sprites.files import PICTURE, check_input

_UPRIGHT = 1
_ORIENTATION = 0x0112
"""EXIF's tag for how the camera was held, and its value for upright."""

_DEEP_GREY = ("I;16", "I;16B", "I;16L", "I", "F")

_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}
"""Endings that are right for a format and not its own name."""


class UnreadablePhotoError(Exception):
    """The file is no picture, or not a whole one; says why."""


def read_square(path: Path, edge: int) -> tuple[np.ndarray, list[str]]:
    """The largest square in the middle of a photo, upright, in RGB.

    Args:
        path: file of any format that Pillow reads; of an animation the first frame.
        edge: of the result in pixels.

    Returns:
        uint8 [edge, edge, 3], and what had to be converted: `named .jpg but BMP`, `CMYK`, ...

    Raises:
        UnreadablePhotoError: see there.
    """
    try:
        check_input(path, PICTURE)
    except UserError as error:
        raise UnreadablePhotoError(str(error)) from error
    try:
        with Image.open(path) as image:
            converted = _oddities(image, path)
            upright = ImageOps.exif_transpose(image)
            fitted = ImageOps.fit(_rgb(upright), (edge, edge), Image.Resampling.BILINEAR)
    except UnidentifiedImageError as error:
        raise UnreadablePhotoError("not a picture") from error
    except Image.DecompressionBombError as error:
        raise UnreadablePhotoError("too many pixels") from error
    # A damaged file can raise nearly anything from Pillow's decoders.
    except Exception as error:
        raise UnreadablePhotoError(f"damaged: {error}") from error
    return np.asarray(fitted), converted


def _oddities(image: Image.Image, path: Path) -> list[str]:
    odd = []
    kind = image.format or ""
    if path.suffix.lower() not in _SUFFIXES.get(kind, (f".{kind.lower()}",)):
        odd.append(f"named {path.suffix or 'without ending'} but {kind}")
    if image.mode != "RGB":
        odd.append(f"mode {image.mode}")
    if image.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT:
        odd.append("rotated by EXIF")
    if getattr(image, "n_frames", 1) > 1 and kind != "MPO":
        odd.append("first frame of an animation")
    return odd


def _rgb(image: Image.Image) -> Image.Image:
    """In RGB: 16 bit and float grey stretched to 8 bits, transparency on white."""
    if image.mode in _DEEP_GREY:
        values = np.asarray(image, np.float64)
        low, high = values.min(), values.max()
        levels = (values - low) * (255 / (high - low or 1))
        image = Image.fromarray(levels.astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
