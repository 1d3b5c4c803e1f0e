"""Program: join the rows of a training's segments to one log, a plot, and TensorBoard's files.

python -m lucid_sprites.training.metrics --rows EPOCH_0.csv ... --csv OUT.csv --plot OUT.png
    --tensorboard FOLDER
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import pandas as pd
from matplotlib import pyplot
from matplotlib.figure import Figure

from lucid_sprites import program
from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole, write_whole
from lucid_sprites.made import write_beside

RUNS = {
    "training": {"loss": "loss", "accuracy": "accuracy"},
    "validation": {"loss": "validation_loss", "accuracy": "validation_accuracy"},
}
"""Runs as TensorBoard shows them: the column of each quantity."""


def join(paths: list[str]) -> pd.DataFrame:
    """The rows of all segments by rising epoch.

    Raises:
        UserError: one cannot be read.
    """
    try:
        rows = pd.concat([pd.read_csv(path) for path in paths])
    except (OSError, ValueError) as error:
        raise UserError(f"{paths}: cannot be read ({error}); delete it and run again") from error
    return rows.sort_values("epoch", ignore_index=True)


def plot(log: pd.DataFrame, saved: list[int]) -> Figure:
    """Loss and accuracy by epoch; dotted lines where states were saved."""
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for epoch in saved:
            axis.axvline(epoch, color="0.85", linewidth=1, linestyle=":")
        for run, columns in RUNS.items():
            axis.plot(log["epoch"], log[columns[quantity]], marker=".", label=run)
        axis.set(xlabel="epoch", ylabel=quantity)
        axis.grid(alpha=0.2)
        axis.legend()
    return figure


def write_events(log: pd.DataFrame, folder: Path) -> None:
    """One event file for each run, its steps counted in batches."""
    from lucid_sprites.tensorboard.event_file import EventFile

    for run, columns in RUNS.items():
        with EventFile(str(folder / run)) as events:
            for row in log.to_dict("records"):
                for tag, column in columns.items():
                    if pd.notna(row[column]):
                        events.scalar(tag, row[column], int(row["step"]))


def main() -> None:
    """Read the arguments, write log, plot and event files."""
    parser = argparse.ArgumentParser(description="Join the log of a training.")
    parser.add_argument("--rows", required=True, nargs="+", help="CSV files of the segments")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--csv", required=True, help="CSV file to write")
    parser.add_argument("--plot", required=True, help="PNG file to write")
    parser.add_argument("--tensorboard", required=True, type=Path, help="folder to write")
    with program.run(parser, program.TensorFlow.WITHOUT_KERAS) as arguments:
        log = join(arguments.rows)
        saved = [int(pd.read_csv(path)["epoch"].iloc[-1]) for path in arguments.rows]
        save_whole(arguments.plot, lambda path: plot(log, saved).savefig(path, format="png"))
        write_events(log, arguments.tensorboard)
        write_whole(arguments.csv, log.to_csv(index=False))
        write_beside(arguments.csv, arguments.made)


if __name__ == "__main__":
    main()
