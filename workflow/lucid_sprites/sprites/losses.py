"""Program: join the attempts of an instance's blocks to one loss log.

python -m lucid_sprites.sprites.losses --spec JSON --made MARK --out losses.csv
"""

import argparse
import json
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from lucid_sprites import layout, program
from lucid_sprites.files import write_whole
from lucid_sprites.made import write_beside
from lucid_sprites.planning import class_names
from lucid_sprites.planning.sprite_jobs import LossesData
from lucid_sprites.recipe import index_ranges
from lucid_sprites.sprites import attempts_log

Labels = Mapping[tuple[int, int], str]
"""Names of classes, by the number of a layer and the index of its unit."""


Ceilings = Mapping[int, float]
"""Highest values that units can have, by the number of their layer."""


def table(
    blocks: list[str],
    labels: Labels = MappingProxyType({}),
    ceilings: Ceilings = MappingProxyType({}),
) -> pd.DataFrame:
    """All attempts of `blocks`, ordered by layer, index, attempt and threshold.

    `batch_id` counts the runs of jobs from 1 in the order of time, as the kit did.

    Args:
        labels: of units that have one.
        ceilings: of layers that have one.

    Raises:
        UserError: a block cannot be read; a damaged one is deleted, so that it is made again.
    """
    rows = [
        {
            **row,
            attempts_log.LABEL: labels.get((row["layer"], row["index"])),
            attempts_log.CEILING: ceilings.get(row["layer"]),
        }
        for block in blocks
        for row in attempts_log.read(block)
    ]
    log = pd.DataFrame({column.name: map(column.cell, rows) for column in attempts_log.LISTED})
    log["batch_id"] = log["batch_id"].rank(method="dense").astype(int)
    return log.sort_values(["layer", "index", "attempt", "threshold"], ignore_index=True)


def _labels(spec: LossesData) -> dict[tuple[int, int], str]:
    """The names of the units of all layers that have them."""
    if "labels" not in spec:
        return {}
    names = class_names.read(spec["labels"])
    return {(layer, index): name for layer in spec["labelled"] for index, name in names.items()}


def main() -> None:
    """Read the arguments, write the log."""
    parser = argparse.ArgumentParser(description="Join the logs of an instance's blocks.")
    parser.add_argument("--spec", required=True, help="the blocks, as JSON")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="CSV file to write")
    with program.run(parser) as arguments:
        spec: LossesData = json.loads(arguments.spec)
        template = layout.STUDY_BLOCK if "study" in spec else layout.BLOCK
        blocks = [
            f"{{results}}/{template}".format(**spec, layer=layer, block=block)
            for layer, numbers in spec["blocks"].items()
            for block in index_ranges.parse(numbers)
        ]
        ceilings = {int(layer): value for layer, value in spec.get("ceilings", {}).items()}
        write_whole(arguments.out, table(blocks, _labels(spec), ceilings).to_csv(index=False))
        write_beside(arguments.out, arguments.made)


if __name__ == "__main__":
    main()
