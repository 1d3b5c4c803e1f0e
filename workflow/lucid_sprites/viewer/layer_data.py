"""Program: what the viewer shows of one layer of one instance.

python -m lucid_sprites.viewer.layer_data --spec JSON --made MARK

Writes three files beside each other (see `layout`): the cells, which a grid needs at once; the
details, which the page of a unit needs; and a summary for manifest and plots.
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from lucid_sprites import layout, program
from lucid_sprites.files import write_whole
from lucid_sprites.made import mark
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import OK
from lucid_sprites.sprites import attempts_log, sheet_index
from lucid_sprites.sprites.attempts_log import AttemptRow
from lucid_sprites.sprites.sheet_index import Sheet
from lucid_sprites.viewer.script import script

_PER_CELL: tuple[Literal["loss", "status", "seed", "attempt"], ...] = (
    "loss",
    "status",
    "seed",
    "attempt",
)


def cells(sheets: list[Sheet], sizes: dict[int, Size]) -> dict[str, Any]:
    """The cells of a layer's sheets, as lists that run in parallel.

    Args:
        sheets: what the JSON files beside the sheets hold.
        sizes: of the sprites, by index.

    Returns:
        `index` (rising), `scale`, and `at`: by threshold, for each of `loss`, `status`, `seed`,
        `attempt` a list with None where an index has no sprite at that threshold.
    """
    found = {sheet["threshold"]: {c["index"]: c for c in sheet["cells"]} for sheet in sheets}
    numbers = sorted({index for at in found.values() for index in at})
    return {
        "index": numbers,
        "scale": [str(sizes[index]) for index in numbers],
        "at": {
            threshold: {
                name: [at[index][name] if index in at else None for index in numbers]
                for name in _PER_CELL
            }
            for threshold, at in sorted(found.items())
        },
    }


def details(rows: list[AttemptRow], groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Settings and attempts of every unit.

    Args:
        rows: of the attempt logs of the layer's blocks.
        groups: `indexes` (as text) and the `settings` that these share.

    Returns:
        `settings`: a list, with sizes as they are in file names; `units`: by index, the number of
        its settings in that list and its `attempts` in order, each with its record and its `curve`,
        pairs of step and loss.
    """
    group = {
        index: number
        for number, item in enumerate(groups)
        for index in index_ranges.parse(item["indexes"])
    }
    units: dict[int, dict[str, Any]] = {
        index: {"settings": number, "attempts": []} for index, number in sorted(group.items())
    }
    attempts: dict[tuple[int, int], list[AttemptRow]] = {}
    for row in rows:
        attempts.setdefault((row["index"], row["attempt"]), []).append(row)
    for (index, _), own in sorted(attempts.items()):
        units[index]["attempts"].append(_attempt(own))
    shown = [
        {**item["settings"], "scale": str(Size.of(item["settings"]["scale"]))} for item in groups
    ]
    return {"settings": shown, "units": units}


def _attempt(rows: list[AttemptRow]) -> dict[str, Any]:
    """One attempt from its rows, one for each threshold that it reached or failed."""
    last: Mapping[str, Any] = max(rows, key=lambda row: row["step"])
    points = {int(step): loss for row in rows for step, loss in row["curve"].items()}
    points |= {row["step"]: row["loss"] for row in rows}
    kept = ("attempt", "seed", "status", "step", "adam", "transforms", "parametrization",
            "variant", "timestamp")  # fmt: skip
    return {**{name: last[name] for name in kept}, "curve": sorted(points.items())}


def summary(spec: dict[str, Any], sheets: list[Sheet], rows: list[AttemptRow]) -> dict[str, Any]:
    """The layer in numbers: what is counted and drawn of it.

    Returns:
        the layer's description; `cell`: edge by threshold; `status`: counts by threshold;
        `loss`: for the attempts that gave a picture, median and quartiles by step; `seconds`:
        how long its optimization took, on one core, without the start of the jobs.
    """
    described = ("number", "name", "op", "depth", "columns", "thresholds")
    return {
        **{name: spec[name] for name in described},
        "units": len({cell["index"] for sheet in sheets for cell in sheet["cells"]}),
        "cell": {sheet["threshold"]: sheet["cell"] for sheet in sheets},
        "status": {
            sheet["threshold"]: Counter(cell["status"] for cell in sheet["cells"])
            for sheet in sheets
        },
        "loss": _spread(rows),
        "seconds": _seconds(rows),
    }


def _spread(rows: list[AttemptRow]) -> dict[str, list[float]]:
    by_step: dict[int, dict[tuple[int, int], float]] = {}
    for row in rows:
        if row["status"] == OK:
            unit = row["index"], row["attempt"]
            points = {int(step): loss for step, loss in row["curve"].items()}
            for step, loss in {**points, row["step"]: row["loss"]}.items():
                by_step.setdefault(step, {})[unit] = loss
    spread: dict[str, list[float]] = {"step": [], "low": [], "median": [], "high": []}
    for step, losses in sorted(by_step.items()):
        quartiles = np.quantile(list(losses.values()), [0.25, 0.5, 0.75])
        for name, value in zip(spread, [step, *map(float, quartiles)], strict=True):
            spread[name].append(value)
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
        place = {name: spec[name] for name in ("series", "instance")} | {"layer": spec["number"]}

        def path(template: str, **fields: int) -> str:
            return f"{spec['results']}/{template.format(**place, **fields)}"

        key = "/".join(map(str, place.values()))
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
