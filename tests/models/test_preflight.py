"""The report on models, from real catalogues."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from tensorflow import make_ndarray, make_tensor_proto

from imported import describe
from lucid_sprites.models.preflight import report
from lucid_sprites.recipe.layer_catalogue import Catalogue
from tiny_graphs import frozen, save, small


@pytest.fixture
def diverged(tmp_path):
    """A graph whose first kernel is NaN, as after a training that diverged."""
    graph = small()
    kernel = next(node for node in graph.node if node.op == "Const" and "conv1" in node.name)
    tensor = kernel.attr["value"].tensor
    tensor.CopyFrom(make_tensor_proto(np.full_like(make_ndarray(tensor), np.nan)))
    return save(graph, tmp_path / "diverged.pb")


def test_a_network_of_nan_is_said_in_words(diverged):
    text = report("mine", {"diverged": Catalogue.parse(describe(diverged))})
    assert "- **5 of 6 layers give NaN or infinite values**, from `conv1/Conv2D` on" in text
    assert "take an earlier state, or say `input: {range: [low, high]}`" in text


def test_a_sound_network_has_no_such_words(tmp_path):
    sound = Catalogue.parse(describe(save(small(), tmp_path / "net.pb")))
    assert "NaN" not in report("mine", {"sound": sound})


def test_floors_and_ceilings_are_told(tmp_path):
    def bounded():
        picture = tf.placeholder(tf.float32, [None, 8, 8, 3], name="picture")
        for name, bend in (("relu", tf.nn.relu), ("six", tf.nn.relu6), ("turn", tf.tanh)):
            picture = tf.nn.conv2d(picture, np.ones((3, 3, 3, 3), np.float32), 1, "SAME")
            picture = bend(picture, name=name)

    path = save(frozen(bounded), tmp_path / "net.pb")
    described = Catalogue.parse(describe(path, {"range": [-1, 1]}))
    found = {layer.name: (layer.floor, layer.ceiling) for layer in described.layers}
    assert found["Conv2D"] == (None, None)
    assert (found["relu"], found["six"], found["turn"]) == ((0, None), (0, 6), (-1, 1))
    lines = report("mine", {"net": described}).splitlines()
    for name, values in (
        ("Conv2D", "-"),
        ("relu", "from 0"),
        ("six", "0 to 6"),
        ("turn", "-1 to 1"),
    ):
        (line,) = [line for line in lines if f"`{name}`" in line]
        assert f" | {values} | 0 | 0 |" in line
