"""Models that take no picture, beside others in a series' folder."""

import json

import numpy as np
import tensorflow.compat.v1 as tf

from tiny_graphs import frozen, save, small
from workflow_project import Project

CONFIG = {
    "defaults": {"thresholds": [2], "scale": 16, "transforms": "none", "indexes": "0-1"},
    "series": {"gan": {"layers": ["conv1/Relu"]}},
}  # fmt: skip
REASON = "graphs/gan/generator.pb: no placeholder leads to a convolution"


def generator():
    """From 8 numbers to a picture."""
    numbers = tf.placeholder(tf.float32, [None, 8], name="noise")
    wide = tf.reshape(tf.matmul(numbers, np.ones((8, 16 * 4), np.float32)), [-1, 4, 4, 4])
    kernel = np.ones((3, 3, 3, 4), np.float32)
    tf.nn.relu(tf.nn.conv2d_transpose(wide, kernel, [1, 8, 8, 3], 2), name="picture")


def test_a_generator_does_not_hold_up_its_discriminator(tmp_path):
    project = Project(tmp_path)
    save(frozen(generator), tmp_path / "graphs/gan/generator.pb")
    save(small(), tmp_path / "graphs/gan/discriminator.pb")
    project.configure(CONFIG)
    run = project.run("--jobs", "2")
    assert run.code == 0, run.text
    assert f"gan/generator is left out: {REASON}" in run.text
    assert "no longer asked for" not in run.text
    results = tmp_path / "results/gan"
    assert len([*results.glob("discriminator/sprites/*.png")]) == 2
    assert f"## generator\n\nLeft out: {REASON}" in (results / "preflight.md").read_text()
    # It is not read again, as long as it is the same.
    again = project.run("--jobs", "2")
    assert "Nothing to be done" in again.text
    assert "Reading" not in again.text
    said = json.loads((results / "generator/no_picture.json").read_text())
    assert said["reason"].startswith(REASON)
    # A model that the config names has to have a picture.
    listed = {**CONFIG["series"]["gan"], "instances": ["generator", "discriminator"]}
    project.configure({**CONFIG, "series": {"gan": listed}})
    refused = project.run("--jobs", "2")
    assert refused.code == 1
    assert REASON in refused.text
    project.configure(CONFIG)
    save(small(seed=1), tmp_path / "graphs/gan/generator.pb")
    run = project.run("--jobs", "2")
    assert run.code == 0, run.text
    assert "left out" not in run.text
    assert len([*results.glob("generator/sprites/*.png")]) == 2
    assert "Left out" not in (results / "preflight.md").read_text()


def test_a_series_of_generators_alone_is_refused(tmp_path):
    project = Project(tmp_path)
    save(frozen(generator), tmp_path / "graphs/gan/generator.pb")
    project.configure(CONFIG)
    for _ in range(2):
        run = project.run("--jobs", "2")
        assert run.code == 1
        assert REASON in run.text
        assert "Traceback" not in run.text
