"""The log of attempts that a block holds."""

import json
import zipfile
from typing import Any

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import delete

# The original kit's columns first, in its order.
COLUMNS = [
    "batch_id", "timestamp", "scale", "adam", "transforms", "layer", "index", "threshold", "loss",
    "status", "seed", "attempt", "step", "layer_name", "parametrization", "variant",
]  # fmt: skip
_WHOLE = ["batch_id", "timestamp", "layer", "index", "threshold", "seed", "attempt", "step"]


def read(block: str) -> list[dict[str, Any]]:
    """The rows that `sprites.block.rows` has put into the block.

    Raises:
        UserError: the block cannot be read; a damaged one is deleted, so that it is made again.
    """
    try:
        with zipfile.ZipFile(block) as archive:
            rows: list[dict[str, Any]] = json.loads(archive.read(layout.ATTEMPTS))
        if not all(map(_is_row, rows)):
            raise ValueError("a row lacks columns")
    except (FileNotFoundError, PermissionError) as error:
        raise UserError(f"{block}: cannot be read: {error.strerror}") from error
    except Exception as error:  # a torn or foreign file can raise nearly anything
        delete(block)
        raise UserError(f"{block}: is damaged ({error}); it was deleted, run again") from error
    return rows


def _is_row(row: Any) -> bool:
    return (
        row.keys() >= set(COLUMNS)
        and all(isinstance(row[column], int) for column in _WHOLE)
        and isinstance(row["adam"], int | float)
        and isinstance(row["scale"], int | list)
    )
