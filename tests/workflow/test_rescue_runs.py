"""Units that are off, at their ceiling, or beyond all help, through the real Snakemake."""

import json

import numpy as np
import pandas as pd
import tensorflow.compat.v1 as tf
from PIL import Image

import tiny_graphs
from workflow_project import Project

CONFIG = {
    "defaults": {
        "thresholds": [60], "scale": 16, "transforms": "none", "parametrization": "pixel",
        "decorrelate": False,
    },
    "series": {"tiny": {"layers": ["unit"], "input": {"range": [0, 1]}}},
}  # fmt: skip


def network():
    """Unit 0 soon reaches 6; 1 fires above a red of 0.9, 2 above 1.5, and red starts at 0.5."""
    picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
    kernel = np.array([[10, 1, 1], [0, 0, 0], [0, 0, 0]], np.float32)[None, None]
    sums = tf.nn.conv2d(picture, kernel, strides=1, padding="VALID")
    tf.nn.relu6(tf.nn.bias_add(sums, np.float32([0, -0.9, -1.5])), name="unit")


def test_every_unit_has_a_picture(tmp_path):
    project = Project(tmp_path)
    tiny_graphs.save(tiny_graphs.frozen(network), tmp_path / "graphs/tiny/one.pb")
    project.configure(CONFIG)
    run = project.run("--jobs", "2")
    assert run.code == 0, run.text
    assert "3 sprites: 2 ok, 1 silent" in run.text
    folder = tmp_path / "results/tiny/one"
    (described,) = folder.glob("spritemaps/*.json")
    cells = json.loads(described.read_text())["cells"]
    assert [(cell["status"], cell["attempt"]) for cell in cells] == [
        ("ok", 0), ("ok", 2), ("silent", 2)
    ]  # fmt: skip
    sheet = np.array(Image.open(described.with_suffix(".png")))
    assert [{*sheet[:, 16 * n : 16 * (n + 1), 3].ravel()} for n in range(3)] == [{255}, {255}, {89}]
    log = pd.read_csv(folder / "losses.csv")
    assert set(log["ceiling"]) == {6.0}
    assert log[log["index"] == 0]["loss"].tolist() == [6.0]
    assert log[log["index"] == 1]["status"].tolist() == ["recurring_loss", "recurring_loss", "ok"]
    assert log[log["index"] == 2]["loss"].iloc[-1] < 0
    project.configure({**CONFIG, "defaults": {**CONFIG["defaults"], "rescue": False}})
    run = project.run("--jobs", "2")
    assert "3 sprites: 2 recurring_loss, 1 ok" in run.text
