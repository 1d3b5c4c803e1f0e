"""Sizes of pictures that layers take, found by trying."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from imported import describe
from tiny_graphs import frozen, save


def ones(*shape):
    return np.ones(shape, np.float32)


def placeholder(*shape):
    return tf.placeholder(tf.float32, shape or [None, None, None, 3], name="picture")


def unet(picture):
    """Halved twice and doubled twice: only multiples of 4 meet what they came from."""
    first = tf.nn.conv2d(picture, ones(3, 3, 3, 4), 2, "SAME", name="first")
    second = tf.nn.conv2d(first, ones(3, 3, 4, 4), 2, "SAME", name="second")
    up = tf.image.resize(second, 2 * tf.shape(second)[1:3], "nearest", name="up")
    both = tf.concat([first, up], 3, name="both")
    tf.nn.relu(tf.nn.conv2d(both, ones(3, 3, 8, 5), 1, "SAME", name="last"), name="relu")


@pytest.mark.parametrize(
    ("edges", "size"), [((68, 77, 84), [68, 68]), ((66,), [68, 68]), ((64, 68), None)]
)
def test_sizes_at_which_branches_meet_are_found(edges, size, tmp_path):
    file = save(frozen(lambda: unet(placeholder())), tmp_path / "a.pb")
    found = {each["name"]: each for each in describe(str(file), edges=edges)["layers"]}
    assert {name: each["needs"] for name, each in found.items()} == {
        "first": None, "second": None, "both": size, "last": size, "relu": size,
    }  # fmt: skip
    assert found["relu"]["edge"] == (size or edges)[-1]
    assert found["relu"]["height"] == found["relu"]["edge"] // 2


def test_the_smallest_size_that_will_do_comes_before_the_graphs_own(tmp_path):
    file = save(frozen(lambda: unet(placeholder(None, 256, 256, 3))), tmp_path / "a.pb")
    found = {each["name"]: each["needs"] for each in describe(str(file))["layers"]}
    assert (found["first"], found["relu"]) == (None, [68, 68])


def test_a_kernel_larger_than_what_is_left_is_no_layer_at_that_size(tmp_path):
    """Of a picture of 64 pixels 2 x 2 are left; what is computed of them depends on the machine."""

    def build():
        picture = placeholder()
        small = tf.nn.conv2d(picture, ones(32, 32, 3, 2), 32, "VALID", name="small")
        last = tf.nn.conv2d(small, ones(3, 3, 2, 4), 1, "VALID", name="last")
        tf.nn.relu(last, name="relu")

    file = save(frozen(build), tmp_path / "a.pb")
    at_64 = {each["name"]: each["needs"] for each in describe(str(file), edges=(64,))["layers"]}
    assert at_64 == {"small": None}
    both = {each["name"]: each["needs"] for each in describe(str(file), edges=(68, 84))["layers"]}
    assert both == {"small": None, "last": [96, 96], "relu": [96, 96]}
    reason = describe(str(file), edges=(64,))["other"]["relu"]
    assert "last: its kernel of 3 x 3 is larger than the 2 x 2 that are left" in reason


def test_a_layer_that_takes_no_size_says_what_happened(tmp_path):
    def build():
        picture = placeholder()
        conv = tf.nn.conv2d(picture, ones(1, 1, 3, 4), 1, "SAME", name="conv")
        tf.nn.relu(tf.reshape(conv, [-1, 50 * 50 * 4]), name="flat")

    file = save(frozen(build), tmp_path / "a.pb")
    described = describe(str(file), edges=(64, 66))
    assert [each["name"] for each in described["layers"]] == ["conv"]
    reason = described["other"]["flat"]
    assert reason.startswith("fails at 64, 66 pixels (")
    assert reason.endswith("); the graph does not say what it needs")
