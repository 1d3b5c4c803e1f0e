"""Program: join the attempts of an instance's blocks to one loss log.

python -m lucid_sprites.sprites.losses --spec JSON --made MARK --out losses.csv
"""

import argparse
import json

import pandas as pd

from lucid_sprites import layout, program
from lucid_sprites.files import write_whole
from lucid_sprites.made import write_beside
from lucid_sprites.recipe import index_ranges
from lucid_sprites.sprites import attempts_log


def table(blocks: list[str]) -> pd.DataFrame:
    """All attempts of `blocks`, ordered by layer, index, attempt and threshold.

    `batch_id` counts the runs of jobs from 1 in the order of time, as the kit did.

    Raises:
        UserError: a block cannot be read; a damaged one is deleted, so that it is made again.
    """
    rows = [row for block in blocks for row in attempts_log.read(block)]
    log = pd.DataFrame({column.name: map(column.cell, rows) for column in attempts_log.LISTED})
    log["batch_id"] = log["batch_id"].rank(method="dense").astype(int)
    return log.sort_values(["layer", "index", "attempt", "threshold"], ignore_index=True)


def main() -> None:
    """Read the arguments, write the log."""
    parser = argparse.ArgumentParser(description="Join the logs of an instance's blocks.")
    parser.add_argument("--spec", required=True, help="the blocks, as JSON")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="CSV file to write")
    with program.run(parser) as arguments:
        spec = json.loads(arguments.spec)
        template = layout.STUDY_BLOCK if "study" in spec else layout.BLOCK
        blocks = [
            f"{{results}}/{template}".format(**spec, layer=layer, block=block)
            for layer, numbers in spec["blocks"].items()
            for block in index_ranges.parse(numbers)
        ]
        write_whole(arguments.out, table(blocks).to_csv(index=False))
        write_beside(arguments.out, arguments.made)


if __name__ == "__main__":
    main()
