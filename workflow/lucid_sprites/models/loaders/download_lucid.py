"""Program: download a model of lucid's zoo."""

import argparse
import sys

from lucid_sprites import tensorflow_start
from lucid_sprites.errors import UserError


def main() -> None:
    """Fetch and check one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--out", required=True)
    parser.add_argument("--sha256", default="", help="expected; empty if unknown")
    arguments = parser.parse_args()
    tensorflow_start.block_keras()
    tensorflow_start.import_quietly()
    from lucid_sprites.models.loaders.lucid_model import download

    try:
        download(arguments.model, arguments.out, arguments.sha256 or None)
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
