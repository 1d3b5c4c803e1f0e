"""Program: write the layer catalogues of graph files.

Reads from standard input a JSON list of `{graph, overrides, catalogue, stamp}`: the graph file,
the config's `input` for it, the file to write, and what to remember of the graph file's state.
"""

import json
import sys

from lucid_sprites import tensorflow_start
from lucid_sprites.errors import UserError
from lucid_sprites.files import sha256, write_whole


def main() -> None:
    """Describe every graph; the first that cannot be described ends the program."""
    tensorflow_start.lean()
    from lucid_sprites.models.catalogue import describe

    try:
        for job in json.load(sys.stdin):
            catalogue = describe(job["graph"], job["overrides"])
            catalogue |= {"stamp": job["stamp"], "sha256": sha256(job["graph"])}
            write_whole(job["catalogue"], json.dumps(catalogue, indent=1) + "\n")
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
