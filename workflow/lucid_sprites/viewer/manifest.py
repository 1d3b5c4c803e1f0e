"""Program: the one description of all that is there of a series.

python -m lucid_sprites.viewer.manifest --spec JSON --made MARK --out manifest.json

Pages, plots and bundles read it, and so can any other program.
"""

import argparse
import csv
import json
import re
from pathlib import Path
from typing import Any

from lucid_sprites import layout, program
from lucid_sprites.config import review
from lucid_sprites.errors import UserError
from lucid_sprites.files import read_made, write_whole
from lucid_sprites.made import mark
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import STATUSES
from lucid_sprites.viewer import table

# Raised whenever a reader of older manifests would go wrong.
_FORMAT = 2

_PATHS = {
    "catalogue": layout.CATALOGUE,
    "losses": layout.LOSSES,
    "sheet": layout.SHEET,
    "records": layout.SHEET_INDEX,
    "sprite": layout.SPRITE,
    "block": layout.BLOCK,
    "cells": layout.PAGE_CELLS,
    "details": layout.PAGE_DETAILS,
    "pixels": layout.PAGE_PIXELS,
    "table": layout.PAGE_TABLE,
    "log": layout.BLOCK_LOG,
}
_SHOWN_PATHS = {name: path.removeprefix("{series}/") for name, path in _PATHS.items()}


def build(spec: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a series.

    Args:
        spec: `results`, `review` (path of the review file), `series`, `instances` (pairs of a
            name and the numbers of its layers as text), `tables` (pairs of a name and a CSV), and
            `training`, the log of the series' training or None.

    Returns:
        `paths`: templates, from the series' folder; `instances`: in order, each with `layers`,
        which hold what `viewer.layer_data.summary` says; `review`: the file, and the marks that
        these results were made with; `tables`: names with columns and their kinds; `training`:
        the columns of its log, or None.

    Raises:
        UserError: a summary, a table, the log or the review file cannot be read.
    """
    series = spec["series"]
    return {
        "format": _FORMAT,
        "series": series,
        "results": spec["results"],
        "statuses": list(STATUSES),
        "paths": _SHOWN_PATHS,
        "instances": [
            {"name": name, "layers": _layers(spec, name, numbers)}
            for name, numbers in spec["instances"]
        ],
        "review": {"file": spec["review"], "redo": review.read(spec["review"], series)},
        "tables": [
            {"name": name, "columns": table.read(path)["columns"]} for name, path in spec["tables"]
        ],
        "training": _curves(spec["training"]) if spec["training"] else None,
    }


def _curves(log: str) -> dict[str, list[float | None]]:
    try:
        with open(log, newline="") as file:
            rows = list(csv.DictReader(file))
        return {name: [float(row[name]) if row[name] else None for row in rows] for name in rows[0]}
    except (OSError, ValueError, IndexError) as error:
        raise UserError(f"{log}: cannot be read ({error}); delete it and run again") from error


def _layers(spec: dict[str, Any], instance: str, numbers: str) -> list[dict[str, Any]]:
    layers = []
    for number in index_ranges.parse(numbers):
        place = layout.PAGE_SUMMARY.format(series=spec["series"], instance=instance, layer=number)
        layer = read_made(Path(spec["results"]) / place, _whole_layer)
        layers.append({name: value for name, value in layer.items() if name != "made"})
    return layers


def read(path: str | Path, is_remade: bool = True) -> dict[str, Any]:
    """A manifest, as `build` made it.

    Args:
        is_remade: a damaged one is deleted, so that it is made again.

    Raises:
        UserError: it cannot be read, or is damaged.
    """
    return read_made(path, _whole, is_remade)


def _whole(manifest: dict[str, Any]) -> dict[str, Any]:
    layers = [layer for instance in manifest["instances"] for layer in instance["layers"]]
    texts = [manifest["series"], *(instance["name"] for instance in manifest["instances"])]
    right = (
        manifest["format"] == _FORMAT
        and set(manifest["statuses"]) <= set(STATUSES)
        and manifest["paths"] == _SHOWN_PATHS
        and all(re.fullmatch(layout.NAME, text) for text in texts)
        and all(map(_whole_layer, layers))
        and {"results", "review"} <= manifest.keys()
    )
    if not right:
        raise ValueError("it does not describe a series")
    return manifest


def _whole_layer(layer: dict[str, Any]) -> dict[str, Any]:
    numbers = [*(layer[key] for key in ("number", "depth", "columns", "units")),
               *layer["thresholds"],
               *(count for at in layer["status"].values() for count in at.values())]  # fmt: skip
    for cell in layer["cell"].values():
        Size.of(cell)
    curves = [layer["loss"][name] for name in ("step", "low", "median", "high")]
    right = (
        all(type(number) is int and number >= 0 for number in numbers)
        and isinstance(layer["seconds"], int | float)
        and isinstance(layer["name"], str)
        and len({len(curve) for curve in curves}) == 1
        and all(isinstance(value, int | float) for curve in curves for value in curve)
    )
    if not right:
        raise ValueError("it does not describe a layer")
    return layer


def main() -> None:
    """Read the arguments, write the manifest."""
    parser = argparse.ArgumentParser(description="Describe all that is there of a series.")
    parser.add_argument("--spec", required=True, help="the series, as JSON")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="JSON file to write")
    with program.run(parser) as arguments:
        manifest = {"made": mark(arguments.made), **build(json.loads(arguments.spec))}
        write_whole(arguments.out, json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
