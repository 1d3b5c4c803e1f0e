"""A series that the workflow trains itself, from nothing to figures."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

import tiny_graphs
from workflow_project import Project

TRAINING = {"topology": "small", "input_size": 32, "batch_size": 8, "steps_per_epoch": 2,
            "threads": 1}  # fmt: skip


def configure(project: Project, *epochs: int) -> None:
    project.configure(
        {
            "defaults": {"thresholds": [4], "scale": 32, "transforms": [{"jitter": 2}]},
            "series": {
                "run": {
                    "training": {**TRAINING, "save": [*epochs]},
                    "layers": ["conv3/Relu"],
                    "indexes": "0-2",
                    "comparison": {"neurons": 2},
                }
            },
        }
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Project:
    """Two states, trained, rendered and compared by one command."""
    project = Project(tmp_path_factory.mktemp("trained") / "project")
    configure(project, 1)
    done = project.run("--jobs", "2", "transfer")
    assert done.code == 0, done.text
    return project


def test_states_are_ordinary_instances(trained):
    assert len(trained.results("run/epoch_*/sprites/*.png")) == 6
    assert len(trained.results("run/epoch_*/losses.csv")) == 2
    assert len(trained.results("run/epoch_*/spritemaps/*.png")) == 2


def test_the_training_is_logged(trained):
    log = pd.read_csv(trained.folder / "results/run/training/metrics.csv")
    assert log["epoch"].tolist() == [0, 1]
    assert log["step"].tolist() == [0, 2]
    assert trained.results("run/training/tensorboard/*/events*")
    logs = [path.read_text() for path in trained.results("run/training/logs/*.log")]
    assert len(logs) == 3
    assert not [line for log in logs for line in log.splitlines() if "epoch" not in line]


def test_states_are_compared(trained):
    changes = pd.read_csv(trained.folder / "results/run/changes.csv")
    assert changes["index"].tolist() == [0, 1, 2]
    assert changes["instance"].unique().tolist() == ["epoch_1"]
    assert (changes["kernel_correlation"] < 1).all()
    assert (changes["kernel_correlation"] > 0.5).all()
    assert changes["same_start"].all()
    (figure,) = trained.results("run/comparison/states_l_*.png")
    assert np.asarray(Image.open(figure)).std() > 10
    assert len(trained.results("run/responses/*/*.csv")) == 2


def test_the_training_is_drawn_beside_its_series(browser, trained):
    page = browser.open(trained.folder / "results/run/index.html", "view=overview")
    curves = page.locator(".curves figure")
    expect(curves).to_have_count(2)
    expect(curves.first.locator("figcaption")).to_contain_text("Loss: training")
    log = pd.read_csv(trained.folder / "results/run/training/metrics.csv")
    for figure, quantity in zip(curves.all(), ("loss", "accuracy"), strict=True):
        expect(figure.locator(".mark")).to_have_count(2)
        run = figure.locator("polyline.second")
        ys = [float(point.split(",")[1]) for point in run.get_attribute("points").split()]
        values = log[f"validation_{quantity}"].dropna()
        assert len(ys) == len(values)
        # Up in the picture is down in its coordinates.
        assert np.sign(ys[0] - ys[-1]) == np.sign(values.iloc[-1] - values.iloc[0])


def test_the_report_has_the_training(browser, trained, tmp_path):
    """Without saying `transfer`, once it is done."""
    assert trained.run("--jobs", "2").code == 0
    made = trained.run("--report", str(tmp_path / "report.html"))
    assert made.code == 0, made.text
    page = browser.open(tmp_path / "report.html")
    page.wait_for_timeout(1500)
    assert "Training" in page.locator("body").inner_text()
    found = page.evaluate("Object.values(results).map((one) => [one.name, one.caption])")
    captions = dict(found)
    assert "Loss and accuracy of run over the epochs" in captions["metrics.png"]
    browser.trouble = [text for text in browser.trouble if "cdn.tailwindcss.com" not in text]


def test_a_second_run_finds_nothing_to_be_done(trained):
    assert "Nothing to be done" in trained.run("--dry-run", "transfer").text


def test_without_transfer_nothing_is_trained(trained, tmp_path):
    project = Project(tmp_path / "fresh")
    configure(project, 1)
    run = project.run("--dry-run")
    assert run.code == 0, run.text
    assert run.jobs == {}
    # Nor beside a series whose graphs are there.
    tiny_graphs.save(tiny_graphs.small(), project.folder / "graphs/tiny/young.pb")
    config = project.config()
    config["series"]["tiny"] = {"layers": ["conv1/Relu"], "indexes": 0}
    project.configure(config)
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    assert not project.results("run/*")
    assert "rule train" not in done.text


def test_extending_trains_only_the_difference(trained, tmp_path):
    project = trained.copy(tmp_path / "longer")
    checkpoints = {path: path.stat().st_mtime_ns for path in project.results("run/training/*.npz")}
    configure(project, 1, 3)
    done = project.run("--jobs", "2", "transfer")
    assert done.code == 0, done.text
    assert done.text.count("rule train:") == 1
    assert {path: path.stat().st_mtime_ns for path in checkpoints} == checkpoints
    log = pd.read_csv(project.folder / "results/run/training/metrics.csv")
    assert log["epoch"].tolist() == [0, 1, 2, 3]
    changes = pd.read_csv(project.folder / "results/run/changes.csv")
    assert changes["instance"].unique().tolist() == ["epoch_1", "epoch_3"]


def test_a_mistake_is_named_before_anything_is_trained(tmp_path):
    project = Project(tmp_path / "wrong")
    configure(project, 1)
    config = project.config()
    config["series"]["run"]["training"]["weights"] = "nowhere.h5"
    project.configure(config)
    run = project.run("--dry-run", "transfer")
    assert run.code != 0
    assert "series run: training: no weights file nowhere.h5" in run.text
    assert "Traceback" not in run.text
