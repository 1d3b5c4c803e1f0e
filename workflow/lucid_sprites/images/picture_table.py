"""Program: where on the pictures of a series each of its units stands, as a table of the viewer.

python -m lucid_sprites.images.picture_table --spec JSON --made MARK --out CSV

A row for each unit of each instance; for each picture a column with the unit's strongest
activation, and one for each method: the part of the grid that is the unit's, or its dream, as
`path#xywh=x,y,width,height` from the series' folder.
"""

import argparse
import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lucid_sprites import layout, program
from lucid_sprites.files import write_whole
from lucid_sprites.made import write_beside
from lucid_sprites.sprites import png

_KEY = ["layer", "instance", "index"]

Rows = dict[tuple[str, str, int], dict[str, Any]]
"""The cells of each row by column; rows by layer, instance and index."""


def rows(folder: Path, shown: list[dict[str, Any]]) -> Rows:
    """The rows of the table.

    Args:
        folder: of the series.
        shown: `instance`, `image`, `method`, and the names of its `views`.

    Raises:
        UserError: a view cannot be read.
    """
    table: Rows = {}
    for item in shown:
        image, method = item["image"], item["method"].replace("_", " ")
        for name in item["views"]:
            path = layout.PICTURE.removeprefix("{series}/").format(**item, view=name)
            record = png.record(str(folder / path))
            for index, box, peak in _units(record):
                row = table.setdefault((record["layer"], item["instance"], index), {})
                if peak is not None:
                    row.setdefault(f"{image}: strongest activation", peak)
                row[f"{image}: {method}"] = path + box
    return table


def _units(record: Mapping[str, Any]) -> list[tuple[int, str, float | None]]:
    """Index, place and strongest activation of each unit on a view."""
    if "cells" not in record:  # the view of one unit, or of none
        return [(record["channel"], "", None)] if "channel" in record else []
    (height, width), padding = record["cell"], record["padding"]
    units = []
    for number, (index, peak) in enumerate(zip(record["cells"], record["peaks"], strict=True)):
        down, across = divmod(number, record["columns"])
        x, y = across * (width + padding), down * (height + padding)
        units.append((index, f"#xywh={x},{y},{width},{height}", peak))
    return units


def as_csv(table: Rows) -> str:
    """The table as CSV; cells that a row does not have are empty."""
    columns = sorted({name for row in table.values() for name in row}, key=_order)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_KEY, *columns], lineterminator="\n")
    writer.writeheader()
    for key, row in sorted(table.items()):
        writer.writerow({**dict(zip(_KEY, key, strict=True)), **row})
    return text.getvalue()


def _order(column: str) -> tuple[str, bool, str]:
    """Picture by picture, its number first."""
    image, _, what = column.rpartition(": ")
    return image, what != "strongest activation", what


def main() -> None:
    """Read the arguments, write the table."""
    parser = argparse.ArgumentParser(description="Find each unit on the pictures of a series.")
    parser.add_argument("--spec", required=True, help="which pictures there are, as JSON")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="CSV to write")
    with program.run(parser) as arguments:
        spec = json.loads(arguments.spec)
        write_whole(arguments.out, as_csv(rows(Path(spec["folder"]), spec["shown"])))
        write_beside(arguments.out, arguments.made)


if __name__ == "__main__":
    main()
