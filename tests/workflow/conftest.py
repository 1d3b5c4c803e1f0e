"""A rendered project that tests copy and change, and its pages."""

from pathlib import Path

import pytest

import tiny_graphs
from workflow_project import Project

THRESHOLDS = [4, 8]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory) -> Project:
    """Two instances, two layers of 6 and 5 channels, thresholds 4 and 8, all rendered."""
    project = Project(tmp_path_factory.mktemp("rendered") / "project")
    for seed, instance in enumerate(("young", "old")):
        graph = tiny_graphs.small(seed=seed)
        tiny_graphs.save(graph, project.folder / f"graphs/tiny/{instance}.pb")
    project.configure(
        {
            "defaults": {"thresholds": THRESHOLDS, "scale": 16, "transforms": [{"jitter": 2}]},
            "series": {
                "tiny": {"layers": [{"layer": "conv1/Relu"}, {"layer": "conv2/Relu"}]},
            },
        }
    )
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    assert done.jobs == {"optimize": 4, "render_sprite": 44, "losses": 2, "spritesheet": 8}
    assert project.optimized() == 22
    return project


@pytest.fixture
def project(rendered, tmp_path) -> Project:
    """A fresh copy of the rendered project."""
    return rendered.copy(tmp_path / "project")


@pytest.fixture
def start_page(rendered) -> Path:
    """The viewer of all series."""
    return rendered.folder / "results/index.html"


@pytest.fixture
def series_page(rendered) -> Path:
    """The viewer of the series `tiny`."""
    return rendered.folder / "results/tiny/index.html"
