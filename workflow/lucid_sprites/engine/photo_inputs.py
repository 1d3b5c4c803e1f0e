"""Photos that objectives and starts refer to."""

import numpy as np
from PIL import Image, ImageOps

from lucid_sprites import photos
from lucid_sprites.errors import UserError
from lucid_sprites.recipe.setting_types import Photo

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_WITH_OPACITY = 4


def read(photo: Photo, height: int, width: int, channels: int) -> np.ndarray:
    """float32 [height, width, channels] in 0..1: the photo's largest centred part of that shape.

    Args:
        photo: by its path and content.
        channels: 1 or 3; 4 with opacity.

    Raises:
        UserError: unreadable, or a network whose pictures have other channels.
    """
    if channels not in _MODES:
        raise UserError(
            f"{photo['file']}: a network whose pictures have {channels} channels sees no photos"
        )
    picture = photos.read(photo["file"])
    opaque = picture.image if channels == _WITH_OPACITY else picture.on_white()
    upright = opaque.convert(_MODES[channels])
    fitted = ImageOps.fit(upright, (width, height), Image.Resampling.BICUBIC)
    return np.asarray(fitted, np.float32).reshape(height, width, channels) / 255
