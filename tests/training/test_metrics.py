"""The log of a training as a table, a plot, and files that TensorBoard reads."""

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lucid_sprites.errors import UserError
from lucid_sprites.training import metrics

HEADER = "epoch,step,loss,accuracy,validation_loss,validation_accuracy\n"


@pytest.fixture
def log(tmp_path) -> pd.DataFrame:
    (tmp_path / "0.csv").write_text(f"{HEADER}0,0,,,3.5,0.1\n")
    (tmp_path / "2.csv").write_text(f"{HEADER}1,10,2.5,0.3,2.25,0.4\n2,20,1.5,0.5,1.75,0.6\n")
    return metrics.join([str(tmp_path / "2.csv"), str(tmp_path / "0.csv")])


def test_rows_are_joined_in_order(log):
    assert log["epoch"].tolist() == [0, 1, 2]
    assert log["validation_loss"].tolist() == [3.5, 2.25, 1.75]
    assert pd.isna(log["loss"][0])


def test_tensorboard_reads_the_runs(log, tmp_path):
    metrics.write_events(log, tmp_path / "events")
    read = {}
    for run in metrics.RUNS:
        events = EventAccumulator(str(tmp_path / "events" / run)).Reload()
        read[run] = {tag: [(e.step, e.value) for e in events.Scalars(tag)]
                     for tag in ("loss", "accuracy")}  # fmt: skip
    assert read["training"]["loss"] == [(10, 2.5), (20, 1.5)]
    assert read["validation"]["loss"] == [(0, 3.5), (10, 2.25), (20, 1.75)]
    accuracies = [value for _, value in read["validation"]["accuracy"]]
    assert accuracies == pytest.approx([0.1, 0.4, 0.6])


def test_the_plot_shows_both_runs(log):
    left, right = metrics.plot(log, [0, 2]).axes
    (validation,) = [line for line in right.get_lines() if line.get_label() == "validation"]
    assert validation.get_ydata().tolist() == [0.1, 0.4, 0.6]
    assert left.get_ylabel() == "loss"


def test_a_missing_file_is_named():
    with pytest.raises(UserError, match=r"nowhere\.csv"):
        metrics.join(["nowhere.csv"])
