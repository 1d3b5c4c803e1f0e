"""Photos as they are found on disks, read to squares of one size."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from lucid_sprites import photos
from lucid_sprites.photos import Photo

_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}
"""Endings that are right for a format and not its own name."""


def read_square(path: Path, edge: int) -> tuple[np.ndarray, list[str]]:
    """The largest square in the middle of a photo, upright, in RGB.

    Args:
        path: file of any format that Pillow reads; of an animation the first frame.
        edge: of the result in pixels.

    Returns:
        uint8 [edge, edge, 3], and what had to be converted: `named .jpg but BMP`, `CMYK`, ...

    Raises:
        UnreadablePhotoError: see `photos.read`.
    """
    photo = photos.read(path)
    square = ImageOps.fit(photo.on_white().convert("RGB"), (edge, edge), Image.Resampling.BILINEAR)
    return np.asarray(square), _oddities(photo, path)


def _oddities(photo: Photo, path: Path) -> list[str]:
    odd = []
    if path.suffix.lower() not in _SUFFIXES.get(photo.format, (f".{photo.format.lower()}",)):
        odd.append(f"named {path.suffix or 'without ending'} but {photo.format}")
    if photo.mode != "RGB":
        odd.append(f"mode {photo.mode}")
    if photo.is_turned:
        odd.append("rotated by EXIF")
    if photo.is_animation:
        odd.append("first frame of an animation")
    return odd
