"""Program: download a model of lucid's zoo."""

import argparse

from lucid_sprites import program


def main() -> None:
    """Fetch and check one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--out", required=True)
    parser.add_argument("--sha256", default="", help="expected; empty if unknown")
    with program.run(parser, program.TensorFlow.WITHOUT_KERAS) as arguments:
        from lucid_sprites.models.loaders.lucid_model import download

        download(arguments.model, arguments.out, arguments.sha256 or None)


if __name__ == "__main__":
    main()
