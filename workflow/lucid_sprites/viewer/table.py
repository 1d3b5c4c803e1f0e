"""Program: a table about units as a section of their pages.

python -m lucid_sprites.viewer.table --key KEY --table CSV --made MARK --out JS

This is how other stages add to the viewer. The table is a CSV with the columns `layer` (name or
number) and, if they matter, `instance` and `index`; where one is empty or missing, the row holds
for all. Of the other columns, those of numbers can be sorted by, and those of pictures (paths from
the series' folder, or a part of one: `path#xywh=x,y,width,height`) are shown.
"""

import argparse
import csv
import math
import re
from typing import Any, TypedDict

from lucid_sprites import program
from lucid_sprites.errors import UserError
from lucid_sprites.files import TABLE, check_input, write_whole
from lucid_sprites.viewer.script import script

_UNIT = ("instance", "layer", "index")

_PICTURE = re.compile(r"(.+\.(?:png|jpe?g|webp|gif))(#xywh=\d+,\d+,\d+,\d+)?", re.IGNORECASE)


class Table(TypedDict):
    """A table by its columns.

    Attributes:
        columns: names without those of the unit, and their kinds: `number`, `picture` or `text`.
        rows: by layer, a list of `[instance, index, *cells]` with None for what is empty, and
            numbers as such.
    """

    columns: list[list[str]]
    rows: dict[str, list[list[Any]]]


def read(path: str) -> Table:
    """The table by its columns.

    Raises:
        UserError: it cannot be read, or has no column `layer`.
    """
    check_input(path, TABLE)
    try:
        with open(path, newline="") as file:
            table = csv.DictReader(file)
            columns = [name for name in table.fieldnames or [] if name not in _UNIT]
            if "layer" not in (table.fieldnames or []):
                raise UserError(f"{path}: has no column `layer`, so it cannot be shown by unit")
            rows: dict[str, list[list[Any]]] = {}
            for row in table:
                cells = [_value(row[name]) for name in columns]
                unit = [row.get("instance") or None, _value(row.get("index"))]
                rows.setdefault(row["layer"], []).append([*unit, *cells])
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    cells = [row[2:] for layer_rows in rows.values() for row in layer_rows]
    kinds = [_kind(column) for column in zip(*cells, strict=True)] or ["text"] * len(columns)
    return {"columns": list(map(list, zip(columns, kinds, strict=True))), "rows": rows}


def pictures(table: Table) -> set[str]:
    """Paths of the pictures that a table shows."""
    cells = (row[at] for rows in table["rows"].values() for row in rows for at in _shown(table))
    return {_path_and_part(cell)[0] for cell in cells if cell is not None}


def _path_and_part(picture: str) -> tuple[str, str]:
    """The path of a picture, and the part of it that is meant, if it is not the whole."""
    match = _PICTURE.fullmatch(picture)
    if match is None:
        raise ValueError(f"{picture!r} is no picture")
    path, box = match.groups("")
    return path, box


def relocated(table: Table, moved: dict[str, str]) -> Table:
    """The table with other paths for some of its pictures."""

    def cell(value: str | None) -> str | None:
        path, box = _path_and_part(value) if value else ("", "")
        return moved[path] + box if path in moved else value

    shown = _shown(table)
    relocated_rows = {
        layer: [[cell(v) if at in shown else v for at, v in enumerate(row)] for row in rows]
        for layer, rows in table["rows"].items()
    }
    return {**table, "rows": relocated_rows}


def _shown(table: Table) -> set[int]:
    """Where the pictures stand in a row."""
    return {at + 2 for at, (_, kind) in enumerate(table["columns"]) if kind == "picture"}


def _kind(cells: tuple[Any, ...]) -> str:
    known = [cell for cell in cells if cell is not None]
    if known and all(isinstance(cell, int | float) for cell in known):
        return "number"
    if known and all(_PICTURE.fullmatch(str(cell)) for cell in known):
        return "picture"
    return "text"


def _value(cell: str | None) -> Any:
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        return cell
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def main() -> None:
    """Read the arguments, write the script."""
    parser = argparse.ArgumentParser(description="Show a table about units in the viewer.")
    parser.add_argument("--key", required=True, help="what the page asks for")
    parser.add_argument("--table", required=True, help="CSV to read")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="script to write")
    with program.run(parser) as arguments:
        write_whole(arguments.out, script(arguments.key, read(arguments.table), arguments.made))


if __name__ == "__main__":
    main()
