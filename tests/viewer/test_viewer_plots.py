"""Plots, by what is drawn on them."""

import json
from pathlib import Path

import pytest

from lucid_sprites import layout
from lucid_sprites.planning.viewer import PLOTS
from lucid_sprites.viewer import plots
from lucid_sprites.viewer.manifest import build


def layer(name, median, status, seconds):
    spread = {"step": [8, 16], "low": [0, 1], "median": median, "high": [4, 5]}
    sizes = {"number": 0, "depth": 6, "columns": 6, "units": 6, "thresholds": [8, 16], "cell": {}}
    return {**sizes, "name": name, "loss": spread, "status": status, "seconds": seconds}


@pytest.fixture
def manifest():
    first = layer("conv1", [1.0, 2.0], {"8": {"ok": 3}, "16": {"ok": 2, "not_finite": 1}}, 4.5)
    second = layer("conv2", [3.0, 3.5], {"8": {"ok": 6}}, 9.0)
    spec = {
        "series": "a",
        "results": "results",
        "review": "none",
        "instances": [],
        "tables": [],
        "training": None,
    }
    return {
        **build(spec),
        "instances": [
            {"name": "young", "layers": [first, second]},
            {"name": "old", "layers": [first]},
        ],
    }


def test_the_report_has_every_plot_with_a_title_and_a_caption():
    report = Path(layout.__file__).parents[1] / "report"
    assert list(PLOTS) == list(plots.PLOTS)
    assert all((report / f"{plot}.rst").read_text().strip() for plot in PLOTS)
    assert all(PLOTS.values())


def test_loss_has_a_panel_per_layer_and_a_line_per_instance(manifest):
    figure = plots.loss(manifest)
    first, second = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["conv1", "conv2"]
    assert [line.get_label() for line in first.lines] == ["young", "old"]
    assert list(second.lines[0].get_xdata()) == [8, 16]
    assert list(second.lines[0].get_ydata()) == [3.0, 3.5]


def test_status_counts_over_the_thresholds(manifest):
    (axes,) = plots.status(manifest).axes
    ok, bad = axes.containers
    assert [bar.get_width() for bar in ok] == [5, 6, 5]
    assert [bar.get_width() for bar in bad] == [1, 0, 1]
    assert [bar.get_x() for bar in bad] == [5, 6, 5]


def test_every_status_has_a_colour_of_its_own(manifest):
    counts = {"8": dict.fromkeys(manifest["statuses"], 1)}
    manifest["instances"] = [{"name": "one", "layers": [layer("conv1", [1.0, 2.0], counts, 1)]}]
    (axes,) = plots.status(manifest).axes
    colours = {bars[0].get_facecolor() for bars in axes.containers}
    assert len(colours) == len(axes.containers) == len(manifest["statuses"])


def test_time_is_that_of_each_layer(manifest):
    (axes,) = plots.time(manifest).axes
    assert [bar.get_width() for bar in axes.patches] == [4.5, 9.0, 4.5]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["young  conv1", "young  conv2", "old  conv1"]


def test_late_rise_is_the_share_of_the_last_quarter(manifest):
    young, old = manifest["instances"]
    curves = [("conv1", [1, 3, 3]), ("conv2", [2, 2, 2])]
    young["layers"] = [{"name": name, "loss": {"step": [0, 12, 16], "median": median}}
                       for name, median in curves]  # fmt: skip
    old["layers"] = [{"name": "conv1", "loss": {"step": [0, 16], "median": [0, 8]}}]
    (axes,) = plots.late_rise(manifest).axes
    # All of the rise comes before; there is none; the same at every step.
    assert [bar.get_width() for bar in axes.patches] == [0, 0, pytest.approx(25)]
    assert [line.get_xdata()[0] for line in axes.lines] == [25]


def test_layers_without_any_picture_are_drawn_empty(manifest):
    for instance in manifest["instances"]:
        for empty in instance["layers"]:
            empty["loss"] = {"step": [], "low": [], "median": [], "high": []}
    assert len(plots.loss(manifest).axes) == 2
    assert [bar.get_width() for bar in plots.late_rise(manifest).axes[0].patches] == [0, 0, 0]


def test_a_plot_that_there_is_not_is_named_with_the_choices(manifest, tmp_path, monkeypatch):
    source = tmp_path / "manifest.json"
    source.write_text(json.dumps(manifest))
    monkeypatch.setattr("sys.argv", ["plots", "--manifest", str(source), "--out", "a/los.svg"])
    with pytest.raises(SystemExit, match=r"a/los\.svg: .*'los'.* loss, late_rise, status, time"):
        plots.main()


def test_program_writes_the_same_files_twice(manifest, tmp_path, monkeypatch):
    source = tmp_path / "manifest.json"
    source.write_text(json.dumps(manifest))
    contents = []
    for turn in ("a", "b"):
        out = [tmp_path / turn / f"{plot}.svg" for plot in plots.PLOTS]
        monkeypatch.setattr(
            "sys.argv", ["plots", "--manifest", str(source), "--out", *map(str, out)]
        )
        plots.main()
        contents.append([path.read_bytes() for path in out])
    assert contents[0] == contents[1]
    assert all(b"<svg" in content for content in contents[0])
