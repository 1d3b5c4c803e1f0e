"""Pictures, made into what a network is fed."""

import numpy as np
from PIL import Image, ImageOps

from lucid_sprites.errors import UserError
from lucid_sprites.recipe.layer_catalogue import InputSpec

_MODES = {1: "L", 3: "RGB"}
"""Pillow's mode for each number of channels."""


def fit(image: Image.Image, picture: InputSpec, limit: int, stretch: bool = False) -> np.ndarray:
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


def in_range(levels: np.ndarray, picture: InputSpec) -> np.ndarray:
    """Grey levels 0..255 as values of the network's own range."""
    return picture.in_range(levels / 255).astype(np.float32)
