"""Program: train from one saved state to the next.

python -m lucid_sprites.training.train --spec JSON --epoch N --checkpoint OUT.npz
    --graph OUT.pb --rows OUT.csv --dataset [DATASET.npz] --previous [CHECKPOINT.npz]
"""

import argparse

from lucid_sprites import program


def main() -> None:
    """Read the arguments, train, write the state."""
    parser = argparse.ArgumentParser(description="Train from one saved state to the next.")
    parser.add_argument("--spec", required=True, help="the training, as JSON")
    parser.add_argument("--epoch", required=True, type=int, help="epoch to train up to")
    parser.add_argument(
        "--previous", nargs="?", help="checkpoint to start from; none: before training"
    )
    parser.add_argument(
        "--dataset", nargs="?", help="file of prepare_dataset; none: generated pictures"
    )
    parser.add_argument("--checkpoint", required=True, help=".npz file to write")
    parser.add_argument("--graph", required=True, help=".pb file to write")
    parser.add_argument("--rows", required=True, help="CSV file to write: a row for each epoch")
    with program.run(parser, program.TensorFlow.WITH_KERAS) as arguments:
        from lucid_sprites.training.train_epochs import run

        run(arguments)


if __name__ == "__main__":
    main()
