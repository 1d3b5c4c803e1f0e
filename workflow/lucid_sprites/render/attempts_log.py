"""The log of attempts that a block holds."""

import json
import zipfile
from typing import Any

from lucid_sprites import layout
from lucid_sprites.errors import UserError


def read(block: str) -> list[dict[str, Any]]:
    """The rows that `render.block.rows` has put into the block.

    Raises:
        UserError: the block cannot be read.
    """
    try:
        with zipfile.ZipFile(block) as archive:
            return json.loads(archive.read(layout.ATTEMPTS))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{block}: cannot be read ({error}); delete it and run again") from error
