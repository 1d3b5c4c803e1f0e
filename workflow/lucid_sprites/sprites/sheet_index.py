"""The JSON beside a spritesheet, read back: what is in each cell."""

import os
from typing import Any

from lucid_sprites.files import read_made
from lucid_sprites.recipe.size import Size


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """A sheet's description, as `sprites.sheet` has written it.

    Raises:
        UserError: it cannot be read; a damaged one is deleted, so that it is made again.
    """
    return read_made(path, _whole)


def _whole(sheet: dict[str, Any]) -> dict[str, Any]:
    texts = [sheet["series"], sheet["instance"], sheet["study" if "study" in sheet else "layer"]]
    numbers = [sheet[name] for name in ("number", "threshold")]
    Size.of(sheet["cell"])
    right = (
        all(isinstance(text, str) for text in texts)
        and all(type(number) is int and number >= 0 for number in numbers)
        and all(map(_is_cell, sheet["cells"]))
    )
    if not right:
        raise ValueError("it does not describe a sheet")
    return sheet


def _is_cell(cell: dict[str, Any]) -> bool:
    name = cell["sprite"]
    return (
        all(type(cell[key]) is int for key in ("index", "seed", "attempt"))
        and isinstance(cell["loss"], int | float | None)
        and isinstance(cell["status"], str)
        and isinstance(name, str)
        and os.path.basename(name) == name
    )
