"""Program: the one description of all that is there of a series.

python -m lucid_sprites.viewer.manifest --spec JSON --made MARK --out manifest.json

Pages, plots and bundles read it, and so can any other program.
"""

import argparse
import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from lucid_sprites import layout, program
from lucid_sprites.config import review
from lucid_sprites.errors import UserError
from lucid_sprites.files import read_made, write_whole
from lucid_sprites.made import mark
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import PICTURED, STATUSES
from lucid_sprites.viewer import table
from lucid_sprites.viewer.choices import Choices, Columns, choices, columns
from lucid_sprites.viewer.layer_data import LayerSummary

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


TrainingLog = dict[str, list[float | None]]
"""The columns of the log of a training."""


class ManifestSpec(TypedDict):
    """A series, as the workflow passes it to its job.

    Attributes:
        format: see `layout.PAGE_FORMAT`.
        results: the results folder.
        review: path of the review file.
        instances: pairs of a name and the numbers of its layers as text.
        tables: pairs of a name and a CSV.
        training: the log of the series' training.
    """

    format: int
    results: str
    review: str
    series: str
    instances: list[list[str]]
    tables: list[list[str]]
    training: str | None


class Instance(TypedDict):
    """An instance with its layers in order."""

    name: str
    layers: list[LayerSummary]


class Review(TypedDict):
    """The review file, and the marks that these results were made with."""

    file: str
    redo: list[Mapping[str, Any]]


class TableColumns(TypedDict):
    """A table about units, with its columns and their kinds (see `viewer.table`)."""

    name: str
    columns: list[list[str]]


class Manifest(TypedDict):
    """All that is there of a series.

    Attributes:
        format: see `layout.PAGE_FORMAT`.
        results: the results folder.
        statuses: that a sprite can have; the first of them is a success.
        pictured: those with which there is a picture.
        choices, columns: what pages offer and show (see `viewer.choices`).
        paths: templates, from the series' folder.
        instances: in order.
        training: its log, if the series was trained here.
    """

    format: int
    series: str
    results: str
    statuses: list[str]
    pictured: list[str]
    choices: Choices
    columns: Columns
    paths: dict[str, str]
    instances: list[Instance]
    review: Review
    tables: list[TableColumns]
    training: TrainingLog | None


def build(spec: ManifestSpec) -> Manifest:
    """The manifest of a series.

    Raises:
        UserError: a summary, a table, the log or the review file cannot be read.
    """
    series = spec["series"]
    training = _training_log(spec["training"]) if spec["training"] else None
    return {
        "format": layout.PAGE_FORMAT,
        "series": series,
        "results": spec["results"],
        "statuses": list(STATUSES),
        "pictured": list(PICTURED),
        "choices": choices(),
        "columns": columns(training or ()),
        "paths": _SHOWN_PATHS,
        "instances": [
            {"name": name, "layers": _layers(spec, name, numbers)}
            for name, numbers in spec["instances"]
        ],
        "review": {"file": spec["review"], "redo": review.read(spec["review"], series)},
        "tables": [
            {"name": name, "columns": table.read(path)["columns"]} for name, path in spec["tables"]
        ],
        "training": training,
    }


def _training_log(log: str) -> TrainingLog:
    try:
        with open(log, newline="") as file:
            rows = list(csv.DictReader(file))
        return {name: [float(row[name]) if row[name] else None for row in rows] for name in rows[0]}
    except (OSError, ValueError, IndexError) as error:
        raise UserError(f"{log}: cannot be read ({error}); delete it and run again") from error


def _layers(spec: ManifestSpec, instance: str, numbers: str) -> list[LayerSummary]:
    paths = (
        layout.PAGE_SUMMARY.format(series=spec["series"], instance=instance, layer=number)
        for number in index_ranges.parse(numbers)
    )
    return [read_made(Path(spec["results"]) / path, _summary) for path in paths]


def _summary(layer: dict[str, Any]) -> LayerSummary:
    """A layer's summary as it is in the file, without what it says of how it was made."""
    layer.pop("made", None)
    return _whole_layer(layer)


def read(path: str | Path, is_remade: bool = True) -> Manifest:
    """A manifest, as `build` made it.

    Args:
        is_remade: a damaged one is deleted, so that it is made again.

    Raises:
        UserError: it cannot be read, or is damaged.
    """
    return read_made(path, _whole, is_remade)


def _whole(manifest: Any) -> Manifest:
    layers = [layer for instance in manifest["instances"] for layer in instance["layers"]]
    texts = [manifest["series"], *(instance["name"] for instance in manifest["instances"])]
    right = (
        manifest["format"] == layout.PAGE_FORMAT
        and set(manifest["pictured"]) <= set(manifest["statuses"]) <= set(STATUSES)
        and manifest["paths"] == _SHOWN_PATHS
        and all(re.fullmatch(layout.NAME, text) for text in texts)
        and all(map(_whole_layer, layers))
        and {"results", "review", "choices", "columns"} <= manifest.keys()
    )
    if not right:
        raise ValueError("it does not describe a series")
    whole: Manifest = manifest
    return whole


def _whole_layer(layer: Any) -> LayerSummary:
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
    whole: LayerSummary = layer
    return whole


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
