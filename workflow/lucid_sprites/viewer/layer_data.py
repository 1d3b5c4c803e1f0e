"""Program: what the viewer shows of one layer of one instance.

python -m lucid_sprites.viewer.layer_data --spec JSON --made MARK

Writes three files beside each other (see `layout`): the cells, which a grid needs at once; the
details, which the page of a unit needs; and a summary for manifest and plots.
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

import numpy as np

from lucid_sprites import layout, program
from lucid_sprites.files import write_whole
from lucid_sprites.made import mark
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.setting_types import Scale, SpriteSettings
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import OK
from lucid_sprites.sprites import attempts_log, sheet_index
from lucid_sprites.sprites.attempts_log import AttemptRow
from lucid_sprites.sprites.sheet_index import Cell, Sheet
from lucid_sprites.viewer.choices import attempt_columns, cell_columns
from lucid_sprites.viewer.script import script


class GroupSpec(TypedDict):
    """Indexes of a layer, as text, and the settings that they share."""

    indexes: str
    settings: SpriteSettings


class LayerOf(TypedDict):
    """Which layer it is, and what is shown of it."""

    number: int
    name: str
    op: str
    depth: int
    columns: int
    thresholds: list[int]


class LayerSpec(LayerOf):
    """A layer, as the workflow passes it to its job.

    Attributes:
        format: see `layout.PAGE_FORMAT`.
        results: the results folder.
        blocks: their numbers, as text.
    """

    format: int
    results: str
    series: str
    instance: str
    blocks: str
    groups: list[GroupSpec]


class Cells(TypedDict):
    """The cells of a layer's sheets, as lists that run in parallel.

    Attributes:
        index: of the units, rising.
        scale: of the sprites, as in file names.
        at: by threshold and column (`viewer.choices.cell_columns`), a list with None where an index
            has no sprite at that threshold.
        label: names of the classes that the units stand for, if they have names.
    """

    index: list[int]
    scale: list[str]
    at: dict[int, dict[str, list[Any]]]
    label: NotRequired[list[str | None]]


Attempt = dict[str, Any]
"""An attempt by its columns (`viewer.choices.attempt_columns`), with its `curve`: pairs of step and
loss."""


class Unit(TypedDict):
    """A unit: the number of its settings, and its attempts in order."""

    settings: int
    attempts: list[Attempt]


class Details(TypedDict):
    """All that differs between the units of a layer; settings with sizes as in file names."""

    settings: list[dict[str, object]]
    units: dict[int, Unit]


class LossSpread(TypedDict):
    """Lower quartile, median and upper quartile of the loss, by step."""

    step: list[float]
    low: list[float]
    median: list[float]
    high: list[float]


class LayerSummary(LayerOf):
    """A layer in numbers: what is counted and drawn of it.

    Attributes:
        units: how many have a sprite.
        cell: size of the sheet's cells, by threshold (as text, as in JSON).
        status: counts by threshold.
        loss: of the attempts that gave a picture.
        seconds: how long its optimization took, on one core, without the start of the jobs.
        labelled: its units have the names of classes.
    """

    units: int
    cell: dict[str, Scale]
    status: dict[str, dict[str, int]]
    loss: LossSpread
    seconds: float
    labelled: bool


def cells(sheets: list[Sheet], sizes: dict[int, Size]) -> Cells:
    """The cells of a layer's sheets.

    Args:
        sheets: what the JSON files beside the sheets hold.
        sizes: of the sprites, by index.
    """
    by_threshold = {
        sheet["threshold"]: {cell["index"]: cell for cell in sheet["cells"]} for sheet in sheets
    }
    indexes = sorted({index for cells in by_threshold.values() for index in cells})
    columns: Cells = {
        "index": indexes,
        "scale": [str(sizes[index]) for index in indexes],
        "at": {
            threshold: _columns([cells.get(index) for index in indexes])
            for threshold, cells in sorted(by_threshold.items())
        },
    }
    if labels := _labels(sheets):
        columns["label"] = [labels.get(index) for index in indexes]
    return columns


def _labels(sheets: list[Sheet]) -> dict[int, str]:
    """Names of classes, by the index of the units that have one."""
    cells = (cell for sheet in sheets for cell in sheet["cells"])
    return {cell["index"]: cell["label"] for cell in cells if "label" in cell}


def _columns(cells: list[Cell | None]) -> dict[str, list[Any]]:
    names = [column["name"] for column in cell_columns()]
    rows = [cast(Mapping[str, Any], cell or {}) for cell in cells]
    return {name: [row.get(name) for row in rows] for name in names}


def details(rows: list[AttemptRow], groups: list[GroupSpec]) -> Details:
    """Settings and attempts of every unit.

    Args:
        rows: of the attempt logs of the layer's blocks.
        groups: the layer's, with settings as they were resolved.
    """
    group = {
        index: number
        for number, item in enumerate(groups)
        for index in index_ranges.parse(item["indexes"])
    }
    units: dict[int, Unit] = {
        index: {"settings": number, "attempts": []} for index, number in sorted(group.items())
    }
    attempts: dict[tuple[int, int], list[AttemptRow]] = {}
    for row in rows:
        attempts.setdefault((row["index"], row["attempt"]), []).append(row)
    for (index, _), attempt_rows in sorted(attempts.items()):
        units[index]["attempts"].append(_attempt(attempt_rows))
    shown: list[dict[str, object]] = [
        {**item["settings"], "scale": str(Size.of(item["settings"]["scale"]))} for item in groups
    ]
    return {"settings": shown, "units": units}


def _attempt(rows: list[AttemptRow]) -> Attempt:
    """One attempt from its rows, one for each threshold that it reached or failed."""
    last: Mapping[str, Any] = max(rows, key=lambda row: row["step"])
    points = {int(step): loss for row in rows for step, loss in row["curve"].items()}
    points |= {row["step"]: row["loss"] for row in rows}
    names = [column["name"] for column in attempt_columns()]
    return {**{name: last.get(name) for name in names}, "curve": sorted(points.items())}


def summary(spec: LayerSpec, sheets: list[Sheet], rows: list[AttemptRow]) -> LayerSummary:
    """The layer in numbers."""
    return {
        "number": spec["number"],
        "name": spec["name"],
        "op": spec["op"],
        "depth": spec["depth"],
        "columns": spec["columns"],
        "thresholds": spec["thresholds"],
        "units": len({cell["index"] for sheet in sheets for cell in sheet["cells"]}),
        "cell": {str(sheet["threshold"]): sheet["cell"] for sheet in sheets},
        "status": {
            str(sheet["threshold"]): Counter(cell["status"] for cell in sheet["cells"])
            for sheet in sheets
        },
        "loss": _spread(rows),
        "seconds": _seconds(rows),
        "labelled": bool(_labels(sheets)),
    }


def _spread(rows: list[AttemptRow]) -> LossSpread:
    by_step: dict[int, dict[tuple[int, int], float]] = {}
    for row in rows:
        if row["status"] == OK:
            unit = row["index"], row["attempt"]
            points = {int(step): loss for step, loss in row["curve"].items()}
            for step, loss in {**points, row["step"]: row["loss"]}.items():
                by_step.setdefault(step, {})[unit] = loss
    spread: LossSpread = {"step": [], "low": [], "median": [], "high": []}
    for step, losses in sorted(by_step.items()):
        low, median, high = map(float, np.quantile(list(losses.values()), [0.25, 0.5, 0.75]))
        spread["step"].append(step)
        spread["low"].append(low)
        spread["median"].append(median)
        spread["high"].append(high)
    return spread


def _seconds(rows: list[AttemptRow]) -> float:
    """A run of a job lasts from the time that it is named after to its last sprite."""
    ends: dict[int, int] = {}
    for row in rows:
        run = row["batch_id"]
        ends[run] = max(ends.get(run, run), row["timestamp"])
    return sum(end - start for start, end in ends.items()) / 1000


def main() -> None:
    """Read the arguments, write the three files."""
    parser = argparse.ArgumentParser(description="Collect a layer's data for the viewer.")
    parser.add_argument("--spec", required=True, help="the layer, as JSON")
    parser.add_argument("--made", required=True, help="what they say of how they were made")
    with program.run(parser) as arguments:
        spec, made = json.loads(arguments.spec), arguments.made
        wildcards = {name: spec[name] for name in ("series", "instance")} | {
            "layer": spec["number"]
        }

        def path(template: str, **fields: int) -> str:
            return f"{spec['results']}/{template.format(**wildcards, **fields)}"

        key = "/".join(map(str, wildcards.values()))
        sheets = [
            sheet_index.read(path(layout.SHEET_INDEX, threshold=t)) for t in spec["thresholds"]
        ]
        blocks = [path(layout.BLOCK, block=block) for block in index_ranges.parse(spec["blocks"])]
        rows = [row for block in blocks for row in attempts_log.read(block)]
        sizes = {
            index: Size.of(group["settings"]["scale"])
            for group in spec["groups"]
            for index in index_ranges.parse(group["indexes"])
        }
        write_whole(path(layout.PAGE_CELLS), script(key, cells(sheets, sizes), made))
        more = details(rows, spec["groups"])
        write_whole(path(layout.PAGE_DETAILS), script(f"{key}/details", more, made))
        told = {"made": mark(made), **summary(spec, sheets, rows)}
        write_whole(path(layout.PAGE_SUMMARY), json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
