"""Units of a network under each value range that it may have been made for."""

import json

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from imported import describe
from input_specs import input_spec
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.value_ranges import BYTES, SIGNED, UNIT, ranges_for
from lucid_sprites.sprites.range_sheet import Column, choose_layer, draw, render
from plans import layer_of
from tiny_graphs import frozen, save, small
from workflow_project import Project


def offering(*layers) -> Catalogue:
    return Catalogue(input_spec(), [], list(layers), {})


def test_the_middle_activation_with_positions_is_chosen():
    layers = [layer_of(n, f"layer{n}", kind="activation", depth=4, height=8) for n in range(5)]
    others = [
        layer_of(5, "dense", kind="activation", depth=4, height=None),
        layer_of(6, "dead", kind="activation", depth=4, height=8, constant=4),
        layer_of(7, "plain", kind="convolution", depth=4, height=8),
    ]
    assert choose_layer(offering(*layers, *others)).name == "layer2"
    assert choose_layer(offering(*others)).name == "plain"
    assert choose_layer(offering(*others[:2])).name == "dense"
    assert choose_layer(offering(others[1])).name == "dead"


def test_each_range_is_what_the_network_is_shown(tmp_path):
    """A unit that is the mean of its picture gets as high as the range lets it."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 1], name="picture")
        values = tf.nn.conv2d(picture, np.ones((1, 1, 1, 1), np.float32), 1, "SAME")
        tf.nn.relu(values + 2, name="unit")

    path = save(frozen(build), tmp_path / "net.pb")
    catalogue = Catalogue.parse(describe(path))
    (layer,) = [layer for layer in catalogue.layers if layer.name == "unit"]
    columns = render(str(path), catalogue.picture, layer)
    assert [column.range for column in columns] == [UNIT, SIGNED, BYTES]
    (unit,), (signed,), (of_bytes,) = [column.losses for column in columns]
    assert unit - 2 > 0.6
    assert signed - 2 == pytest.approx(2 * (unit - 2) - 1, rel=0.02)
    assert of_bytes - 2 == pytest.approx(255 * (unit - 2), rel=0.02)
    assert [column.pictures[0].shape for column in columns] == [(64, 64, 1)] * 3
    assert min(column.pictures[0].mean() for column in columns) > 0.7


def test_only_colours_have_a_mean_that_everybody_takes():
    assert len(ranges_for(3)) == 5
    assert ranges_for(1) == ranges_for(7) == (UNIT, SIGNED, BYTES)


def test_a_sheet_has_a_column_for_each_range_and_a_row_for_each_unit():
    red, blue = np.zeros((2, 64, 64, 3), np.float32)
    red[..., 0], blue[..., 2] = 1, 1
    sheet = draw("5 unit", [Column(UNIT, [red, None], [1.0, 0.0]),
                            Column(SIGNED, [blue, red], [2.0, 3.0])], SIGNED)  # fmt: skip
    assert sheet.size == (2 * 128 + 3 * 6, 3 * 20 + 2 * 148 + 6)
    rows, columns = (40 + 64, 40 + 148 + 64), (6 + 64, 6 + 134 + 64)
    colours = [[sheet.getpixel((x, y)) for x in columns] for y in rows]
    assert colours == [[(255, 0, 0), (0, 0, 255)], [(221, 221, 221), (255, 0, 0)]]


def test_preflight_shows_units_where_the_range_is_assumed(tmp_path):
    project = Project(tmp_path)
    for series, instance in (("one", "a"), ("one", "b"), ("two", "a")):
        save(small(), tmp_path / f"graphs/{series}/{instance}.pb")
    config = {"series": {"one": {}, "two": {"input": {"range": [-1, 1]}}}}
    project.configure(config)
    run = project.run("--jobs", "2", "preflight")
    assert run.code == 0, run.text
    results = tmp_path / "results"
    assert [*results.glob("*/*/ranges.png")] == [results / "one/b/ranges.png"]
    assert "in `ranges.png`" in (results / "one/preflight.md").read_text()
    assert "ranges.png" not in (results / "two/preflight.md").read_text()
    assert "Nothing to be done" in project.run("--jobs", "2", "preflight").text
    before = (results / "one/b/ranges.png").read_bytes()
    (results / "one/b/ranges.png").unlink()
    assert project.run("--jobs", "2", "preflight").code == 0
    assert (results / "one/b/ranges.png").read_bytes() == before
    # Once the range is said, nobody needs the sheet.
    project.configure({"series": {**config["series"], "one": {"input": {"range": [0, 1]}}}})
    listed = project.run("--jobs", "1", "clean_orphans").text
    assert "ranges.png" in listed
    known = json.loads((results / "one/b/layers.json").read_text())["input"]["known"]
    assert known["range"] == "config"
