"""Studies from Python."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from imported import EDGES, normal
from lucid_sprites.api.visualize import visualize
from lucid_sprites.errors import UserError
from lucid_sprites.models.catalogue import describe
from lucid_sprites.recipe.objectives import objective

SETTINGS = {"thresholds": [4, 20], "scale": 16, "transforms": "none"}


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    form = normal(tiny_graphs.save(tiny_graphs.small(), tmp_path_factory.mktemp("graph") / "g.pb"))
    return form.graph, describe(form, EDGES, "g.pb")


def test_objectives_from_python_and_as_text_give_the_same_pictures(graph):
    unit = objective("channel", "*1/Relu", 3) - 0.5 * objective("deepdream", "conv2/Relu")
    written = 'channel("conv1/Relu", 3) - 0.5 * deepdream("conv2/Relu")'
    (one,), (other,) = (visualize(*graph, [each], **SETTINGS) for each in (unit, written))
    assert list(one.pictures) == [4, 20]
    assert one.pictures[20].tobytes() == other.pictures[20].tobytes()
    assert one.losses[20] > one.losses[4]


def test_a_strip_changes_from_one_end_to_the_other(graph):
    ends = {"from": 'channel("conv1/Relu", 1)', "to": 'channel("conv1/Relu", 3)', "steps": 5}
    outcomes = visualize(*graph, {"interpolate": ends}, **SETTINGS)
    strip = np.stack([outcome.pictures[20] for outcome in outcomes])
    far = [np.abs(strip - strip[end]).mean(axis=(1, 2, 3)) for end in (0, -1)]
    assert np.corrcoef(far[0] - far[1], np.arange(5))[0, 1] > 0.9
    (alone,) = visualize(*graph, [ends["from"]], **SETTINGS)
    np.testing.assert_allclose(strip[0], alone.pictures[20], atol=1e-4)


def test_members_of_a_diversity_set_differ_more_than_those_of_no_set(graph):
    unit = 'channel("conv2/Conv2D", 1)'
    plain = {"together": {"objective": unit, "count": 3}}
    apart = {"diversity": {"objective": unit, "layer": "conv1/Relu", "count": 3, "weight": 30}}

    def spread(study):
        outcomes = visualize(*graph, study, **{**SETTINGS, "thresholds": [60]})
        pictures = np.stack([outcome.pictures[60] for outcome in outcomes])
        colours = pictures.mean(axis=(1, 2))
        return np.abs(colours - colours.mean(axis=0)).mean()

    assert spread(apart) > 1.5 * spread(plain)


def test_wrong_objectives_are_refused(graph):
    with pytest.raises(UserError, match="channel 6 is beyond the depth of conv1/Relu"):
        visualize(*graph, ['channel("conv1/Relu", 6)'], **SETTINGS)


def test_a_python_function_gives_the_picture_of_its_objective(graph):
    written = 'channel("conv1/Relu", 3) - 0.5 * channel("conv2/Relu", 1)'

    def function(T):
        return tf.reduce_mean(T("conv1/Relu")[..., 3]) - 0.5 * T("conv2/Relu:0")[..., 1]

    one, other, text = visualize(*graph, [function, written, written], **SETTINGS, seed=3)
    assert one.losses[20] > one.losses[4]
    (alone,) = visualize(*graph, [function], **SETTINGS, seed=3)
    (again,) = visualize(*graph, [written], **SETTINGS, seed=3)
    np.testing.assert_allclose(alone.pictures[20], again.pictures[20], atol=1e-3)
    assert one.pictures[20].tobytes() == alone.pictures[20].tobytes()
    assert text.pictures.keys() == other.pictures.keys() == {4, 20}


def test_a_function_of_the_picture_itself(graph):
    dark, bright = visualize(*graph, [lambda T: -T("input"), lambda T: T("input")], **SETTINGS)
    assert dark.pictures[20].mean() < bright.pictures[20].mean() - 0.05


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda T: T("conv1/Rleu"), r"objective 1: no layer 'conv1/Rleu'; nearest: conv1/Relu"),
        (lambda T: 3, "objective 1: the function returns 3; it must return a tensor"),
    ],
)
def test_a_function_that_does_not_fit_is_refused(graph, function, message):
    with pytest.raises(UserError, match=message):
        visualize(*graph, [function], **SETTINGS)


def test_units_that_are_off_are_tried_again_and_rescued(tmp_path):
    """Unit 0 soon reaches 6; 1 fires above a red of 0.9, 2 above 1.5, and red starts at 0.5."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = np.array([[10, 1, 1], [0, 0, 0], [0, 0, 0]], np.float32)[None, None]
        sums = tf.nn.conv2d(picture, kernel, strides=1, padding="VALID")
        tf.nn.relu6(tf.nn.bias_add(sums, np.float32([0, -0.9, -1.5])), name="unit")

    path = tiny_graphs.save(tiny_graphs.frozen(build), tmp_path / "g.pb")
    form = normal(path, {"range": [0, 1]})
    network = form.graph, describe(form, EDGES, "g.pb")
    units = [f'channel("unit", {unit})' for unit in range(3)]
    settings = {"thresholds": [60], "scale": 16, "transforms": "none",
                "parametrization": "pixel", "decorrelate": False}  # fmt: skip
    outcomes = visualize(*network, units, **settings)
    assert [outcome.final_status for outcome in outcomes] == ["ok", "ok", "silent"]
    assert [outcome.task.recipe.attempt for outcome in outcomes] == [0, 2, 2]
    assert outcomes[1].pictures[60][..., 0].max() > 0.9
    alone = visualize(*network, units, **settings, rescue=False, attempts=1)
    assert [outcome.status for outcome in alone] == ["ok", "recurring_loss", "recurring_loss"]
    assert [outcome.task.recipe.attempt for outcome in alone] == [0, 0, 0]
