"""Whatever is dated in the future: made once, and not again until it changes."""

import os
import time

import pytest
from PIL import Image

import tiny_graphs
from workflow_project import Project

DAY = 86_400
TABLE = "layer,index,value\nconv1/Relu,0,{}\n"


def tomorrow(path, days=1):
    os.utime(path, (time.time() + days * DAY,) * 2)


@pytest.fixture
def dated(tmp_path):
    """A graph, a picture, a table, a review and the start of a study, all dated tomorrow."""
    project = Project(tmp_path / "project")
    tiny_graphs.save(tiny_graphs.small(), project.folder / "graphs/tiny/one.pb")
    for name in ("cat", "start"):
        Image.linear_gradient("L").resize((16, 16)).save(project.folder / f"{name}.png")
    (project.folder / "mine.csv").write_text(TABLE.format(1))
    (project.folder / "graphs/tiny/review.yaml").write_text("series: tiny\nredo: []\n")
    layer = {"layer": "conv1/Relu", "indexes": 0}
    line = {"objective": 'channel("conv1/Relu", 0)', "start": "start.png"}
    shown = {"pictures": "cat.png", "layers": ["conv1/Relu"], "methods": ["activations"]}
    project.configure(
        {
            "defaults": {"thresholds": [2], "scale": 8, "transforms": "none"},
            "series": {"tiny": {"layers": [layer], "tables": {"mine": "mine.csv"}}},
            "images": [shown],
            "studies": {"s": {"objectives": [line]}},
        }
    )
    for path in project.folder.rglob("*.*"):
        if path.is_file() and path.name != "config.yaml":
            tomorrow(path)
    return project


def test_a_run_ends_though_its_files_are_dated_in_the_future(dated):
    done = dated.run("--jobs", "2")
    assert done.code == 0, done.text
    model = dated.folder / "results/tiny/one/model.pb"
    assert model.stat().st_mtime < time.time() + 1
    again = dated.run("--jobs", "2")
    assert "Nothing to be done" in again.text, again.text
    assert model.exists()

    # What changes is noticed though it is dated in the future again.
    (dated.folder / "mine.csv").write_text(TABLE.format(2))
    Image.linear_gradient("L").resize((16, 16)).rotate(90).save(dated.folder / "cat.png")
    for name in ("mine.csv", "cat.png"):
        tomorrow(dated.folder / name, 2)
    foreseen = dated.run("--dry-run")
    assert foreseen.code == 0, foreseen.text
    assert foreseen.jobs == {"show_picture": 1, "picture_view": 1}
    assert foreseen.pages["viewer_table"] >= 1


def test_results_of_a_clock_that_was_ahead(project):
    before = project.sprites()
    for path in project.results("**/*"):
        if path.is_file():
            modified = path.stat().st_mtime_ns + 2 * DAY * 10**9
            os.utime(path, ns=(modified, modified))
    assert "Nothing to be done" in project.run("--jobs", "2").text
    lost = project.sprite("l_2_i_3_t_8_s_16")
    lost.unlink()
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    assert done.jobs["render_sprite"] == 1
    assert project.sprites() == before
    assert "Nothing to be done" in project.run("--jobs", "2").text
