"""Pictures as people have them, decoded in one way for all that looks at them.

What a file is decides how it is read, not its name. It is turned as its EXIF orientation says; of
an animation or of several pages the first is taken. Colours are the numbers in the file, as
networks are trained on them: a colour profile (ICC) is not applied, but Lab becomes sRGB.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image, ImageChops, ImageCms, ImageOps, UnidentifiedImageError

from lucid_sprites.errors import UserError
from lucid_sprites.files import PICTURE, check_input

_UPRIGHT = 1
_ORIENTATION = 0x0112
"""EXIF's tag for how the camera was held, and its value for upright."""

_SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N")
# Formats whose numbers of 16 bits Pillow hands out in 32.
_SIXTEEN_IN_32 = ("PPM", "PNG")
# What may be white where a file does not say it.
_WHITES = {"I": (255, 65535, 2**31 - 1), "F": (1, 255, 65535)}

_FEWEST_PIXELS = 2
"""Of an edge: what is smaller marks a place or counts visitors."""


class UnreadablePhotoError(UserError):
    """No picture, or not a whole one.

    Attributes:
        reason: why, without the file's name.
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Photo:
    """A picture, and what its file was like.

    Attributes:
        image: upright, in 8 bits, of mode `L`, `RGB`, or `RGBA` if parts of it are transparent.
        format, mode: Pillow's, of the file.
        is_turned: the file has it in another orientation.
        is_animation: the file has more pictures than this one.
    """

    image: Image.Image
    format: str
    mode: str
    is_turned: bool
    is_animation: bool

    def on_white(self) -> Image.Image:
        """The image in mode `L` or `RGB`, its transparent parts in front of white."""
        if self.image.mode != "RGBA":
            return self.image
        white = Image.new("RGBA", self.image.size, "white")
        return Image.alpha_composite(white, self.image).convert("RGB")


def read(path: str | Path) -> Photo:
    """The picture in a file of any format that Pillow reads.

    Raises:
        UnreadablePhotoError: missing, truncated, no picture, or too small or too large for one.
    """
    try:
        check_input(path, PICTURE)
    except UserError as error:
        raise UnreadablePhotoError(path, str(error).removeprefix(f"{path}: ")) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return _decoded(path)
    except UnreadablePhotoError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadablePhotoError(path, "not a picture that can be read") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UnreadablePhotoError(path, f"too many pixels: {error}") from error
    # A damaged file can raise nearly anything from Pillow's decoders.
    except Exception as error:
        raise UnreadablePhotoError(path, f"damaged, cannot be read: {error}") from error


def _decoded(path: str | Path) -> Photo:
    with Image.open(path) as image:
        if min(image.size) < _FEWEST_PIXELS:
            raise UnreadablePhotoError(
                path, f"{image.width} x {image.height} pixels are too small for a picture"
            )
        mode = image.mode  # decoding may change it
        image.load()
        return Photo(
            _in_eight_bits(ImageOps.exif_transpose(image), image.format or ""),
            image.format or "",
            mode,
            image.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT,
            getattr(image, "n_frames", 1) > 1 and image.format != "MPO",
        )


def _in_eight_bits(image: Image.Image, kind: str) -> Image.Image:
    """In mode `L`, `RGB` or `RGBA`."""
    if image.mode in (*_SIXTEEN_BITS, *_WHITES):
        return _from_deep_grey(image, kind)
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("1", "L"):
        return image.convert("L")
    if image.mode == "LAB":
        lab, screen = (ImageCms.createProfile(name) for name in ("LAB", "sRGB"))
        seen = ImageCms.profileToProfile(image, lab, screen, outputMode="RGB")
        return cast(Image.Image, seen)  # None only where the image itself is to be changed
    if image.mode == "CMYK" and kind == "JPEG" and "adobe" not in image.info:
        # Pillow takes every such JPEG for one of Adobe's, whose inks are inverted.
        return ImageChops.invert(image).convert("RGB")
    return image.convert("RGB")


def _from_deep_grey(image: Image.Image, kind: str) -> Image.Image:
    """More than 8 bits, scaled by what is white in them and never by what is in the picture.

    Numbers of 32 bits and floating point have no agreed white: it is the first of `_WHITES` that
    holds the brightest pixel.
    """
    values = np.asarray(image, np.float64)
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    if image.mode in _SIXTEEN_BITS or (image.mode == "I" and kind in _SIXTEEN_IN_32):
        white = 65535.0
    else:
        brightest = finite.max()
        fitting = (white for white in _WHITES[image.mode] if brightest <= white)
        white = float(next(fitting, brightest))
    levels = Image.fromarray(np.round(np.clip(finite / white, 0, 1) * 255).astype(np.uint8))
    see_through = image.info.get("transparency")
    if see_through is None:
        return levels
    opacity = Image.fromarray(np.where(values == see_through, 0, 255).astype(np.uint8))
    return Image.merge("LA", (levels, opacity)).convert("RGBA")
