"""The JSON beside a spritesheet, read back: what is in each cell."""

import os
from typing import NotRequired, TypedDict

from lucid_sprites.files import read_made
from lucid_sprites.planning.sprite_jobs import SheetOf
from lucid_sprites.recipe.setting_types import Scale
from lucid_sprites.recipe.size import Size


class Result(TypedDict):
    """What became of a sprite; `seed` and `attempt` are those that it comes from."""

    loss: float | None
    status: str
    seed: int
    attempt: int


class Cell(Result):
    """One cell: where it is, and what became of its sprite.

    Attributes:
        x, y: of its upper left corner.
        sprite: name of its file.
        title: of a study's cell.
        label: name of the class that the unit stands for.
    """

    index: int
    x: int
    y: int
    sprite: str
    title: NotRequired[str]
    label: NotRequired[str]


class Sheet(SheetOf):
    """The description of a sheet.

    Attributes:
        cell: size of a cell.
    """

    cell: Scale
    cells: list[Cell]


def read(path: str | os.PathLike[str]) -> Sheet:
    """A sheet's description, as `sprites.sheet` has written it.

    Raises:
        UserError: it cannot be read; a damaged one is deleted, so that it is made again.
    """
    return read_made(path, _whole)


def _whole(sheet: Sheet) -> Sheet:
    named = sheet["study"] if "study" in sheet else sheet["layer"]
    texts = [sheet["series"], sheet["instance"], named]
    numbers = [sheet["number"], sheet["threshold"]]
    Size.of(sheet["cell"])
    right = (
        all(isinstance(text, str) for text in texts)
        and all(type(number) is int and number >= 0 for number in numbers)
        and all(map(_is_cell, sheet["cells"]))
    )
    if not right:
        raise ValueError("it does not describe a sheet")
    return sheet


def _is_cell(cell: Cell) -> bool:
    name = cell["sprite"]
    return (
        all(type(number) is int for number in (cell["index"], cell["seed"], cell["attempt"]))
        and isinstance(cell["loss"], int | float | None)
        and isinstance(cell["status"], str)
        and isinstance(name, str)
        and os.path.basename(name) == name
        and isinstance(cell.get("label", ""), str)
    )
