"""Which neurons of another state respond to a sprite."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from comparison.series import plain, write_state
from lucid_sprites.comparison.responses import main, respond, respond_all
from lucid_sprites.errors import UserError
from lucid_sprites.planning import catalogues
from plans import catalogue_of, layer_of

UNIT = layer_of(0, "unit", depth=3)
RED, GREEN, BLUE = np.eye(3)


def colour_network(order):
    """Neuron n of the layer `unit` is the mean of one colour, in this order."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = np.eye(3, dtype=np.float32)[:, list(order)][None, None]
        tf.nn.relu(tf.nn.conv2d(picture, kernel, 1, "SAME"), name="unit")

    return tiny_graphs.frozen(build)


def test_the_neuron_that_took_over_responds(tmp_path):
    graph = tiny_graphs.save(colour_network((1, 2, 0)), tmp_path / "other.pb")
    sheets = write_state(tmp_path, "a", {"unit": {0: plain(RED), 1: plain(GREEN), 2: None}})
    catalogues.write(str(tmp_path / "layers.json"), catalogue_of(UNIT))
    table = respond_all(1, str(graph), str(tmp_path / "layers.json"), sheets)
    best = table[table["rank"] == 1].set_index("sprite")
    assert best["neuron"].to_dict() == {0: 2, 1: 0}
    np.testing.assert_allclose(best["response"], [1, 1], atol=1e-5)
    own = table[table["sprite"] == table["neuron"]].set_index("sprite")
    assert own["response"].to_dict() == {0: 0, 1: 0}


def test_pictures_are_brought_to_the_networks_range():
    picture = replace(catalogue_of().picture, low=0, high=255)
    values = respond(colour_network((0, 1, 2)), picture, "unit", None, [plain(GREEN)])
    np.testing.assert_allclose(values, [[0, 255, 0]], rtol=1e-5)


def test_a_state_without_sprites_has_an_empty_table(tmp_path, monkeypatch):
    graph = tiny_graphs.save(colour_network((1, 2, 0)), tmp_path / "other.pb")
    sheets = write_state(tmp_path, "a", {"unit": {0: None, 1: None}})
    catalogues.write(str(tmp_path / "layers.json"), catalogue_of(UNIT))
    out = tmp_path / "responses.csv"
    monkeypatch.setattr("sys.argv", [
        "responses", "--made", "x", "--strongest", "1", "--graph", str(graph), "--out", str(out),
        "--catalogue", str(tmp_path / "layers.json"), "--sheets", *sheets,
    ])  # fmt: skip
    main()
    assert out.read_text() == "layer,name,sprite,neuron,rank,response,score\n"


def test_layers_that_the_other_graph_lacks_are_named(tmp_path):
    graph = tiny_graphs.save(colour_network((1, 2, 0)), tmp_path / "other.pb")
    sheets = write_state(tmp_path, "a", {"another": {0: plain(RED)}})
    catalogues.write(str(tmp_path / "layers.json"), catalogue_of())
    with pytest.raises(UserError, match="none of the layers another with a sprite"):
        respond_all(1, str(graph), str(tmp_path / "layers.json"), sheets)
