"""Photos that objectives and starts refer to."""

from typing import Any

import numpy as np
from PIL import Image, ImageOps

from lucid_sprites.errors import UserError
from lucid_sprites.files import PICTURE, check_input

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read(photo: dict[str, Any], height: int, width: int, channels: int) -> np.ndarray:
    """float32 [height, width, channels] in 0..1: the photo's largest centred part of that shape.

    Args:
        photo: `file` and `sha256`.
        channels: 1 or 3; 4 with opacity.

    Raises:
        UserError: unreadable, or a network whose pictures have other channels.
    """
    if channels not in _MODES:
        raise UserError(
            f"{photo['file']}: a network whose pictures have {channels} channels sees no photos"
        )
    check_input(photo["file"], PICTURE)
    try:
        with Image.open(photo["file"]) as image:
            upright = ImageOps.exif_transpose(image).convert(_MODES[channels])
    except Exception as error:  # a torn file can raise nearly anything from Pillow's decoders
        raise UserError(f"{photo['file']}: not a photo that can be read ({error})") from error
    fitted = ImageOps.fit(upright, (width, height), Image.Resampling.BICUBIC)
    return np.asarray(fitted, np.float32).reshape(height, width, channels) / 255
