"""Program: put the sprites of a layer at a threshold on one sheet, with a JSON beside it.

python -m lucid_sprites.sprites.sheet --spec JSON --made MARK --out SHEET.png
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from lucid_sprites import layout, program
from lucid_sprites.errors import DamagedError, UserError
from lucid_sprites.files import delete, save_whole, write_whole
from lucid_sprites.made import mark
from lucid_sprites.planning import class_names
from lucid_sprites.planning.sprite_jobs import SheetData
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import PICTURED
from lucid_sprites.sprites import png
from lucid_sprites.sprites.sheet_index import Cell, Result

# Of what the job is given: where the sprites lie, and what the cells say themselves.
_UNTOLD = ("results", "sprites", "titles", "labels")


def compose(
    sprites: dict[int, str], depth: int, columns: int, cell: Size
) -> tuple[Image.Image, list[Cell]]:
    """The sheet and what is in its cells.

    Cell number = index; smaller sprites stand in the middle of their cell; cells of missing and
    of failed sprites stay transparent, those of silent units are faint.

    Args:
        sprites: PNG file by index.
        depth: number of cells.
        columns: cells in a row.
        cell: size of a cell.

    Raises:
        UserError: a sprite cannot be read; a damaged one is deleted, so that it is made again.
    """
    rows = -(-depth // columns)
    sheet = Image.new("RGBA", (columns * cell.width, rows * cell.height))
    cells: list[Cell] = []
    for index, path in sorted(sprites.items()):
        image, told = _sprite(path)
        x, y = index % columns * cell.width, index // columns * cell.height
        if told["status"] in PICTURED:
            middle = (x + (cell.width - image.width) // 2, y + (cell.height - image.height) // 2)
            sheet.paste(image.convert("RGBA"), middle)
        cells.append(
            {
                "index": index,
                "x": x,
                "y": y,
                "loss": told["loss"],
                "status": told["status"],
                "seed": told["seed"],
                "attempt": told["attempt"],
                "sprite": Path(path).name,
            }
        )
    return sheet, cells


def _sprite(path: str) -> tuple[Image.Image, Result]:
    """The picture, and what its record says in a cell of the sheet."""
    try:
        image, record = png.read(path)
        recipe = record["recipe"]
        return image, {
            "loss": record["loss"],
            "status": record["status"],
            "seed": recipe["seed"],
            "attempt": recipe["attempt"],
        }
    except DamagedError as error:
        message = str(error)
    except (KeyError, TypeError, IndexError):
        message = f"{path}: not a whole sprite (without its record)"
    delete(path)
    raise UserError(f"{message}; it was deleted, run again")


def _path(spec: SheetData, index: int, size: Size) -> str:
    sprite = layout.STUDY_SPRITE if "study" in spec else layout.SPRITE
    path = sprite.format(
        series=spec["series"],
        instance=spec["instance"],
        layer=spec["number"],
        study=spec.get("study"),
        index=index,
        threshold=spec["threshold"],
        scale=size,
    )
    return f"{spec['results']}/{path}"


def _called(cells: list[Cell], titles: list[str] | None, labels: dict[int, str]) -> Iterator[Cell]:
    """The cells with what they are called.

    Args:
        titles: of all cells of a study.
        labels: names of classes, by the index of their unit.
    """
    for cell in cells:
        called = cell.copy()
        if titles:
            called["title"] = titles[cell["index"]]
        if cell["index"] in labels:
            called["label"] = labels[cell["index"]]
        yield called


def main() -> None:
    """Read the arguments, write the sheet and its JSON."""
    parser = argparse.ArgumentParser(description="Make one spritesheet.")
    parser.add_argument("--spec", required=True, help="the sheet, as JSON")
    parser.add_argument("--made", required=True, help="what they say of how they were made")
    parser.add_argument("--out", required=True, help="PNG file to write; the JSON goes beside it")
    with program.run(parser) as arguments:
        spec: SheetData = json.loads(arguments.spec)
        groups = spec["sprites"]
        sprites = {
            index: _path(spec, index, Size.of(group["scale"]))
            for group in groups
            for index in index_ranges.parse(group["indexes"])
        }
        cell = Size.around(Size.of(group["scale"]) for group in groups)
        sheet, cells = compose(sprites, spec["depth"], spec["columns"], cell)
        save_whole(arguments.out, lambda path: png.save_marked(sheet, path, arguments.made))
        labels = spec.get("labels")
        made = class_names.marked(arguments.made, labels)
        called = _called(cells, spec.get("titles"), class_names.read(labels) if labels else {})
        told = {key: value for key, value in spec.items() if key not in _UNTOLD}
        said = {"made": mark(made), **told, "cell": cell.scale, "cells": [*called]}
        described = json.dumps(said, indent=1)
        write_whole(Path(arguments.out).with_suffix(".json"), described + "\n")


if __name__ == "__main__":
    main()
