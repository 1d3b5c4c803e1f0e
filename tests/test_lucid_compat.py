"""lucid itself on this TensorFlow, beside our engine."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lucid_sprites
import tiny_graphs
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.settings import DEFAULTS, Recipe

# In a program of its own: the shim puts another module in the place of `tensorflow`.
PROGRAM = """
import sys

import numpy as np

import lucid_sprites.lucid_compat
import tensorflow as tf
from lucid.modelzoo.vision_base import Model
from lucid.optvis import objectives, param, render, transform

given, found = dict(np.load(sys.argv[1])), {}


def evaluated(build):
    with tf.Graph().as_default(), tf.Session() as session:
        tensor = build()
        variables = tf.global_variables()
        session.run(tf.global_variables_initializer())
        for variable in variables:
            variable.load(given["variable"], session)
        return session.run(tensor)


for kind, fft in (("fft", True), ("pixel", False)):
    parameters = given[kind]
    # lucid: [real and imaginary, batch, channels, rows, columns].
    given["variable"] = np.moveaxis(parameters, -1, 0) if fft else parameters
    found[kind] = evaluated(
        lambda: param.image(16, batch=len(parameters), fft=fft, decorrelate=True)
    )

for degrees in given["angles"]:
    found[f"rotated_{degrees}"] = evaluated(
        lambda: tf.contrib.image.rotate(tf.constant(given["pictures"]), np.deg2rad(degrees))
    )
found["turned"] = evaluated(
    lambda: transform.random_rotate([90], units="degrees")(tf.constant(given["pictures"]))
)

if len(sys.argv) > 3:
    class MobileNet(Model):
        model_path = sys.argv[3]
        image_shape = [128, 128, 3]
        image_value_range = (-1, 1)
        input_name = "input"

    model = MobileNet()
    model.load_graphdef()
    images = render.render_vis(
        model,
        objectives.channel("MobilenetV1/MobilenetV1/Conv2d_3_pointwise/Relu6", 3),
        lambda: param.image(32),
        transforms=transform.standard_transforms,
        thresholds=(0, 4),
        verbose=False,
    )
    found["before"], found["after"] = images
np.savez(sys.argv[2], **found)
"""
ANGLES = (0, 90, -90, 7, -10, 200)
KINDS = ("fft", "pixel")


@pytest.fixture(scope="module")
def ours():
    """Parameters and pictures of sprites that our engine has optimized."""
    keys = ("scale", "learning_rate", "transforms", "decorrelate", "loss_crisis", "seed")
    plain = {key: DEFAULTS[key] for key in keys}
    network = prepare(tiny_graphs.small(), "picture", "conv1/Relu")
    picture = InputSpec("picture", None, None, 3, 0.0, 1.0, {})
    made = {}
    for kind in KINDS:
        recipe = Recipe(**{**plain, "scale": 16, "parametrization": kind, "attempt": 0})
        tasks = [Task(index, recipe, (30,)) for index in range(2)]
        outcomes = list(optimize(network, picture, "conv1/Relu", tasks, 8, lambda _: None))
        made[kind] = (
            np.stack([outcome.checkpoint.state.parameters for outcome in outcomes]),
            np.stack([outcome.pictures[30] for outcome in outcomes]),
        )
    return made


@pytest.fixture(scope="module")
def lucids(ours, tmp_path_factory, request):
    """What lucid makes of the same."""
    folder = tmp_path_factory.mktemp("lucid")
    pictures = np.random.RandomState(0).rand(2, 9, 14, 3).astype(np.float32) + 0.1
    np.savez(folder / "given.npz", angles=ANGLES, pictures=pictures,
             **{kind: ours[kind][0] for kind in KINDS})  # fmt: skip
    (folder / "program.py").write_text(PROGRAM)
    command = [sys.executable, folder / "program.py", folder / "given.npz", folder / "found.npz"]
    with contextlib.suppress(pytest.skip.Exception):
        command.append(request.getfixturevalue("mobilenet"))
    package = str(Path(lucid_sprites.__file__).parents[1])
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": package},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {**np.load(folder / "found.npz"), "pictures": pictures}


@pytest.mark.parametrize("kind", KINDS)
def test_our_pictures_are_those_that_lucid_makes_of_our_parameters(ours, lucids, kind):
    pictures = ours[kind][1]
    assert pictures.std() > 0.05
    np.testing.assert_allclose(lucids[kind], pictures, atol=2e-6)


def rotated(picture, degrees):
    """Counterclockwise about the centre, nearest pixel, black outside, and where that is clear."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(float)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    column = cos * (x - middle_x) - sin * (y - middle_y) + middle_x
    line = sin * (x - middle_x) + cos * (y - middle_y) + middle_y
    clear = (abs(column % 1 - 0.5) > 1e-3) & (abs(line % 1 - 0.5) > 1e-3)
    column, line = np.round(column).astype(int), np.round(line).astype(int)
    inside = (column >= 0) & (column < width) & (line >= 0) & (line < height)
    values = picture[line.clip(0, height - 1), column.clip(0, width - 1)]
    return np.where(inside[..., None], values, 0), clear


@pytest.mark.parametrize("degrees", ANGLES)
def test_lucids_rotate_turns_counterclockwise_to_the_nearest_pixel(lucids, degrees):
    for given, found in zip(lucids["pictures"], lucids[f"rotated_{degrees}"], strict=True):
        expected, clear = rotated(given, degrees)
        if degrees % 90:
            assert clear.mean() > 0.9
        np.testing.assert_array_equal(found[clear], expected[clear])


def test_lucids_random_rotate_finds_the_shim(lucids):
    for given, found in zip(lucids["pictures"], lucids["turned"], strict=True):
        # lucid's pi is 3.14.
        expected, clear = rotated(given, np.rad2deg(3.14 * 90 / 180))
        assert clear.mean() > 0.5
        np.testing.assert_array_equal(found[clear], expected[clear])


def test_lucid_renders_the_mobilenet(lucids, mobilenet):
    before, after = lucids["before"], lucids["after"]
    assert before.shape == after.shape == (1, 32, 32, 3)
    assert 0 <= after.min() < after.max() <= 1
    # After its first step a picture is grey; four more steps of rate 0.05 take it from there.
    assert abs(before - 0.5).max() < abs(after - 0.5).max()
    assert abs(after - before).max() > 0.05
