"""The log of attempts that a block holds."""

import json
import zipfile
from collections.abc import Mapping
from typing import Any, TypedDict

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import delete
from lucid_sprites.recipe.setting_types import Scale, Transforms

# The original kit's columns first, in its order.
COLUMNS = [
    "batch_id", "timestamp", "scale", "adam", "transforms", "layer", "index", "threshold", "loss",
    "status", "seed", "attempt", "step", "layer_name", "parametrization", "variant",
]  # fmt: skip
_WHOLE = ["batch_id", "timestamp", "layer", "index", "threshold", "seed", "attempt", "step"]


class AttemptRow(TypedDict):
    """An attempt at a sprite, for a threshold that it reached or at which it failed.

    Attributes:
        batch_id, timestamp: when the run of the job began, and when this was reached, in ms since
            1970.
        adam: learning rate.
        curve: objective by step, up to the threshold; JSON makes texts of the steps.
    """

    batch_id: int
    timestamp: int
    scale: Scale
    adam: float
    transforms: Transforms
    layer: int
    index: int
    threshold: int
    loss: float
    status: str
    seed: int
    attempt: int
    step: int
    layer_name: str
    parametrization: str
    variant: str
    curve: Mapping[int, float] | Mapping[str, float]


def read(block: str) -> list[AttemptRow]:
    """The rows that `sprites.block.rows` has put into the block.

    Raises:
        UserError: the block cannot be read; a damaged one is deleted, so that it is made again.
    """
    try:
        with zipfile.ZipFile(block) as archive:
            rows: list[AttemptRow] = json.loads(archive.read(layout.ATTEMPTS))
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
