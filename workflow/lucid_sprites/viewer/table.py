"""Program: a table about units as a section of their pages.

python -m lucid_sprites.viewer.table --key KEY --table CSV --out JS

This is how other stages add to the viewer. The table is a CSV with the columns `layer` (name or
number) and, if they matter, `instance` and `index`; where one is empty or missing, the row holds
for all. Of the other columns, a cell that names a picture (its path from the series' folder) is
shown as one, and a number can be sorted by.
"""

import argparse
import csv
import sys
from typing import Any

from lucid_sprites.errors import UserError
from lucid_sprites.files import write_whole
from lucid_sprites.viewer.script import script

_PLACE = ("instance", "layer", "index")


def read(path: str) -> dict[str, Any]:
    """The table by its columns.

    Returns:
        `columns`: names without those of the place; `rows`: by layer, a list of
        `[instance, index, *cells]` with None for what is empty, and numbers as such.

    Raises:
        UserError: it cannot be read, or has no column `layer`.
    """
    try:
        with open(path, newline="") as file:
            table = csv.DictReader(file)
            columns = [name for name in table.fieldnames or [] if name not in _PLACE]
            if "layer" not in (table.fieldnames or []):
                raise UserError(f"{path}: has no column `layer`, so it cannot be shown by unit")
            rows: dict[str, list[list[Any]]] = {}
            for row in table:
                cells = [_value(row[name]) for name in columns]
                place = [row.get("instance") or None, _value(row.get("index"))]
                rows.setdefault(row["layer"], []).append([*place, *cells])
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    return {"columns": columns, "rows": rows}


def _value(cell: str | None) -> Any:
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        return cell
    return int(number) if number.is_integer() else number


def main() -> None:
    """Read the arguments, write the script."""
    parser = argparse.ArgumentParser(description="Show a table about units in the viewer.")
    parser.add_argument("--key", required=True, help="what the page asks for")
    parser.add_argument("--table", required=True, help="CSV to read")
    parser.add_argument("--out", required=True, help="script to write")
    arguments = parser.parse_args()
    try:
        write_whole(arguments.out, script(arguments.key, read(arguments.table)))
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
