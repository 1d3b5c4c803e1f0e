"""Numbers of change: known weights, known pictures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comparison.series import plain, stripes, write_state
from lucid_sprites.comparison.change_plot import plot
from lucid_sprites.comparison.changes import by_layer, changes, correlation, for_viewer
from lucid_sprites.comparison.states import read_states
from lucid_sprites.comparison.texture import (
    TextureDescriptor,
    image_distance,
    texture_descriptor,
    texture_distance,
)
from lucid_sprites.errors import UserError

RANDOM = np.random.default_rng(0)


@pytest.fixture
def states(tmp_path):
    noise = RANDOM.random((32, 32, 3)).astype(np.float32)
    first = {0: stripes(8), 1: noise, 2: stripes(5)}
    moved = {0: stripes(8, shift=3), 1: stripes(8), 2: None}
    return read_states(
        [
            *write_state(tmp_path, "a", {"conv": first}),
            *write_state(tmp_path, "b", {"conv": first}),
            *write_state(tmp_path, "c", {"conv": moved}, seed=1),
        ]
    )


KERNEL = [np.array([1.0, 2, 3, 4]), np.array([1.0, 0, 1, 0]), np.array([5.0, 5, 5, 5])]
TURNED = [-2 * KERNEL[0], np.array([0.0, 1, 1, 0]), KERNEL[2]]


@pytest.fixture
def changed(states):
    kernels = {"a": {"conv": KERNEL}, "b": {"conv": KERNEL}, "c": {"conv": TURNED}}
    return changes(states, kernels).set_index(["index", "instance"])


def test_a_copy_has_not_changed(changed):
    row = changed.loc[(0, "b")]
    assert row["kernel_correlation"] == pytest.approx(1)
    assert row["texture_distance"] == pytest.approx(0, abs=1e-6)
    assert row["image_distance"] == 0
    assert row["same_start"]


def test_kernels_are_correlated_channel_by_channel(changed):
    values = changed["kernel_correlation"].xs("c", level="instance")
    np.testing.assert_allclose(values[:2], [-1, 0], atol=1e-12)
    assert np.isnan(values[2])  # a constant kernel correlates with nothing


def test_a_shifted_pattern_is_the_same_texture_and_another_image(changed):
    row = changed.loc[(0, "c")]
    assert row["texture_distance"] < 0.02
    assert row["image_distance"] > 0.2
    assert not row["same_start"]


def test_another_texture_counts_as_another_neuron(changed):
    # Neuron 1 has become what neuron 0 was: the distance between neighbours in state a.
    assert 0.5 < changed.loc[(1, "c"), "texture_distance"] < 2


def test_a_sprite_that_failed_has_no_distance(changed):
    assert np.isnan(changed.loc[(2, "c"), "texture_distance"])
    assert np.isnan(changed.loc[(2, "c"), "image_distance"])


def test_change_to_the_state_before(changed):
    row = changed.loc[(0, "c")]
    assert row["kernel_correlation_to_previous"] == row["kernel_correlation"]
    assert changed.loc[(0, "b"), "image_distance_to_previous"] == 0


def test_by_layer(states):
    kernels = {"a": {"conv": KERNEL}, "b": {"conv": KERNEL}, "c": {"conv": TURNED}}
    table = by_layer(changes(states, kernels), kernels).set_index("instance")
    assert table.loc["b", "layer_correlation"] == pytest.approx(1)
    whole = correlation(np.concatenate(KERNEL), np.concatenate(TURNED))
    assert table.loc["c", "layer_correlation"] == pytest.approx(whole)
    assert table.loc["c", "kernel_correlation"] == pytest.approx(-0.5)


def test_image_distance_is_the_root_of_the_mean_square():
    black, grey = (TextureDescriptor(plain((v, v, v)), np.ones(1)) for v in (0.0, 0.25))
    assert image_distance(black, grey) == pytest.approx(0.25)
    assert np.isnan(image_distance(black, TextureDescriptor(plain((0, 0, 0), 8), np.ones(1))))


def test_texture_distance_grows_with_the_difference(tmp_path):
    pictures = {0: stripes(8), 1: stripes(9), 2: stripes(16), 3: stripes(8).transpose(1, 0, 2)}
    (state,) = read_states(write_state(tmp_path, "a", {"conv": pictures})).values()
    descriptors = [texture_descriptor(state["conv"].sprites[index]) for index in range(4)]
    near, far, turned = (texture_distance(descriptors[0], other) for other in descriptors[1:])
    assert 0 < near < far < turned <= 1


def test_the_plot_has_a_line_for_each_state(changed):
    figure = plot(changed.reset_index())
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].get_lines()}
    assert lines["b"] == pytest.approx([1])
    assert lines["c"] == pytest.approx([-0.5])


@pytest.mark.parametrize(
    ("names", "shown"),
    [(["net/a/Relu", "net/b/Relu"], ["a/Relu", "b/Relu"]), (["conv1", "conv2"], ["conv1", "conv2"]),
     (["net/a", "network/a"], ["net/a", "network/a"]), (["net/a"], ["a"])],
)  # fmt: skip
def test_the_plot_leaves_out_what_all_names_begin_with(changed, names, shown):
    rows = pd.concat([changed.reset_index().assign(name=name) for name in names])
    assert [label.get_text() for label in plot(rows).axes[1].get_xticklabels()] == shown


def test_one_state_cannot_be_compared(tmp_path):
    states = read_states(write_state(tmp_path, "a", {"conv": {0: stripes(8)}}))
    with pytest.raises(UserError, match="two states or more; there is only a"):
        changes(states, {"a": {"conv": KERNEL}})


def test_different_networks_have_no_changes(tmp_path):
    sheets = [*write_state(tmp_path, "a", {"conv": {0: stripes(8)}}),
              *write_state(tmp_path, "b", {"other": {0: stripes(8)}})]  # fmt: skip
    changed = changes(read_states(sheets), {"a": {}, "b": {}})
    assert changed.empty
    assert by_layer(changed, {"a": {}, "b": {}}).empty
    assert list(for_viewer(changed, ["a", "b"])["layer"]) == []
    assert plot(changed).axes


def test_sprites_smaller_than_a_patch(tmp_path):
    noise = RANDOM.random((4, 4, 3)).astype(np.float32)
    pictures = {0: noise, 1: noise[::-1], 2: RANDOM.random((16, 16, 3)).astype(np.float32)}
    (state,) = read_states(write_state(tmp_path, "a", {"conv": pictures})).values()
    descriptors = [texture_descriptor(state["conv"].sprites[index]) for index in range(3)]
    assert texture_distance(descriptors[0], descriptors[0]) == pytest.approx(0)
    assert np.isnan(texture_distance(descriptors[0], descriptors[2]))


def test_table_of_the_viewer(changed):
    table = for_viewer(changed.reset_index(), ["a", "b", "c"])
    assert list(table)[:4] == ["layer", "instance", "index", "since"]
    row = table[(table["index"] == 0) & (table["instance"] == "c")].iloc[0]
    assert (row["layer"], row["since"], row["same start"]) == ("conv", "a", "no")
    assert row["kernel correlation"] == pytest.approx(-1)
    assert "image distance to previous" in table
    of_two = for_viewer(changed.reset_index(), ["a", "b"])
    assert [name for name in of_two if "previous" in name] == []


def test_one_name_stands_for_the_sheets_of_many_layers(tmp_path):
    pictures = {name: {0: stripes(8)} for name in ("one", "two", "three")}
    paths = write_state(tmp_path, "a", pictures)
    for number, path in enumerate(paths):
        Path(path).rename(tmp_path / f"a/spritemaps/l_{number}_t_64.json")
    (state,) = read_states([str(tmp_path / "a/spritemaps/l_{0,2}_t_64.json")]).values()
    assert list(state) == ["one", "three"]
