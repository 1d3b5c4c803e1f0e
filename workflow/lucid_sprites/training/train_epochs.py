"""Training from one saved state to the next.

Without a previous checkpoint the network is the one before training. However a training is cut into
segments, it ends with the same weights, bit by bit.
"""

import argparse
import csv
import io
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras

from lucid_sprites.errors import UserError
from lucid_sprites.files import sha256, write_whole
from lucid_sprites.models.loaders.freeze_keras import freeze
from lucid_sprites.planning.training import TrainingSpec, segment_made
from lucid_sprites.training import checkpoint
from lucid_sprites.training.dataset import Dataset, open_dataset
from lucid_sprites.training.initial_network import make_network
from lucid_sprites.training.reproducible import make_reproducible

COLUMNS = ("epoch", "step", "loss", "accuracy", "validation_loss", "validation_accuracy")
"""Of the log; the row of epoch 0 has no loss and accuracy of training."""

Row = dict[str, float | int | None]

_KEEP_EVERY = 20.0
"""Seconds of training after which the state inside a segment is worth a file."""


def train(
    network: keras.Model,
    dataset: Dataset,
    spec: TrainingSpec,
    epochs: range,
    after_epoch: Callable[[Row], None],
) -> None:
    """Train for some epochs; after each, `after_epoch` gets its row of the log."""
    steps = dataset.epoch() if spec["steps_per_epoch"] == "auto" else spec["steps_per_epoch"]
    for epoch in epochs:
        first = (epoch - 1) * steps
        results = [network.train_on_batch(*dataset.batch(first + step)) for step in range(steps)]
        loss, accuracy = (sum(map(float, values)) / steps for values in zip(*results, strict=True))
        numbers = (epoch, epoch * steps, loss, accuracy, *_validate(network, dataset, spec))
        after_epoch(dict(zip(COLUMNS, numbers, strict=True)))


def _validate(network: keras.Model, dataset: Dataset, spec: TrainingSpec) -> tuple[float, float]:
    """Loss and accuracy on the pictures that are never trained on."""
    pictures, targets = dataset.validation()
    loss, accuracy = network.evaluate(pictures, targets, batch_size=spec["batch_size"], verbose=0)
    return float(loss), float(accuracy)


def first_row(network: keras.Model, dataset: Dataset, spec: TrainingSpec) -> Row:
    """The log's row of the state before training."""
    numbers = (0, 0, None, None, *_validate(network, dataset, spec))
    return dict(zip(COLUMNS, numbers, strict=True))


class Segment:
    """Training from a saved state on, which can be interrupted.

    What an interrupted job leaves, a file beside the checkpoint that it was to write, is used only
    where everything that it depends on is as it was.
    """

    def __init__(self, network: keras.Model, target: str, key: str) -> None:
        """Keep what is done on the way to `target`; `key` says what the result depends on."""
        self._network = network
        self._kept = f"{target}.part"
        self._key = key
        self._last = time.monotonic()
        self.rows: list[Row] = []

    def resume(self, epoch: int) -> int:
        """Go on where an interrupted job stopped; returns the epoch reached, `epoch` at first."""
        if checkpoint.read_notes(self._kept).get("key") != self._key:
            return epoch
        self.rows = checkpoint.load(self._kept, self._network)["rows"]
        return int(self.rows[-1]["epoch"] or 0)

    def after_epoch(self, row: Row) -> None:
        """Note the row, and now and then the state; stop a training that diverged."""
        _check_finite(self._network, row)
        self.rows.append(row)
        print(", ".join(f"{key} {value:.4g}" for key, value in row.items()), file=sys.stderr)
        if time.monotonic() - self._last > _KEEP_EVERY:
            notes = {"key": self._key, "rows": self.rows}
            checkpoint.save(self._kept, self._network, notes)
            self._last = time.monotonic()

    def close(self) -> None:
        """The target is written: the file beside it has had its use."""
        Path(self._kept).unlink(missing_ok=True)


def run(arguments: argparse.Namespace) -> None:
    """Make the state that is asked for, and write checkpoint, graph and rows.

    Raises:
        UserError: bad weights, dataset, checkpoint, or a training that diverged.
    """
    spec = json.loads(arguments.spec)
    make_reproducible(spec["seed"], spec["threads"])
    dataset = open_dataset(spec, arguments.dataset)
    network = make_network(spec, dataset)
    segment = Segment(network, arguments.checkpoint, _key(arguments))
    if arguments.previous is None:
        segment.rows.append(first_row(network, dataset, spec))
        _check_finite(network, segment.rows[0])
    else:
        done = checkpoint.load(arguments.previous, network)["epoch"]
        epochs = range(segment.resume(done) + 1, arguments.epoch + 1)
        train(network, dataset, spec, epochs, segment.after_epoch)
    graph = freeze(network).SerializeToString(deterministic=True)
    write_whole(arguments.graph, graph)
    write_whole(arguments.rows, _csv(segment.rows))
    made = segment_made(arguments.spec, arguments.epoch)
    checkpoint.save(arguments.checkpoint, network, {"epoch": arguments.epoch}, made)
    segment.close()


def _key(arguments: argparse.Namespace) -> str:
    """Changes with whatever the segment's result depends on."""
    parts = [arguments.spec, str(arguments.epoch)]
    parts += [sha256(path) for path in (arguments.previous, arguments.dataset) if path]
    return "\n".join(parts)


def _check_finite(network: keras.Model, row: Row) -> None:
    """Stop at NaN and infinite losses and weights; weights may be finite, but absurd."""
    losses = [key for key in ("loss", "validation_loss") if not math.isfinite(row[key] or 0)]
    finite = keras.ops.isfinite
    weights = [value.path for value in network.weights if not keras.ops.all(finite(value))]
    if losses or weights:
        raise UserError(
            f"epoch {row['epoch']}: NaN or infinite: {', '.join([*losses, *weights[:1]])}; "
            + ("the training diverged, choose a lower learning_rate" if row["epoch"] else
               "choose other weights to start from")
        )  # fmt: skip


def _csv(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
