"""A sprite is the same file, byte for byte, however it comes to be rendered."""

import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lucid_sprites.sprites import png
from workflow_project import ROOT, Project

CONV_8 = "MobilenetV1/MobilenetV1/Conv2d_8_pointwise/Relu6"
NETWORKS = {"mobilenet": ("imagenet", CONV_8), "shapes": ("step_3000", "conv4/Relu")}
THRESHOLDS = [8, 24]
WHOLE = {"indexes": "0-31", "batch_size": 32, "block_size": 32}

# Number of jobs at once, and settings, of one run of the workflow after the other.
WAYS = {
    "alone": [(1, {"indexes": [5], "batch_size": 16})],
    "in two blocks at once": [(2, {"batch_size": 8, "block_size": 8})],
    "resumed": [
        (1, {"thresholds": THRESHOLDS[:1], "batch_size": 8, "block_size": 16}),
        (1, {"thresholds": THRESHOLDS, "batch_size": 16}),
    ],
    "made again for want of a state": [
        (2, {"thresholds": THRESHOLDS[:1], "keep_state": False}),
        (2, {"thresholds": THRESHOLDS}),
    ],
}
CASES = [
    ("mobilenet", "alone"),
    ("mobilenet", "in two blocks at once"),
    ("mobilenet", "resumed"),
    pytest.param("mobilenet", "made again for want of a state", marks=pytest.mark.stress),
    ("shapes", "in two blocks at once"),
    ("shapes", "resumed"),
]


def render(project: Project, jobs: int, **settings) -> None:
    config = project.config()
    (series,) = config["series"].values()
    series["layers"][0].update(settings)
    project.configure(config)
    done = project.run("--jobs", str(jobs))
    assert done.code == 0, done.text


def with_graph(graph: Path, series: str, layer: str, folder: Path) -> Project:
    """A project that selects channels 0 to 9 of a layer, with nothing rendered."""
    project = Project(folder)
    (folder / "graphs" / series).mkdir(parents=True)
    shutil.copy(graph, folder / "graphs" / series)
    defaults = {"scale": 32, "thresholds": THRESHOLDS}
    selected = [{"layer": layer, "indexes": "0-9"}]
    project.configure({"defaults": defaults, "series": {series: {"layers": selected}}})
    return project


@dataclass
class Whole:
    """A project that knows its layers, and the files of channels 0 to 31 made in one batch."""

    unrendered: Project
    sprites: dict[str, bytes]


@pytest.fixture(scope="module")
def whole(request, tmp_path_factory) -> Callable[[str], Whole]:
    """The whole of a series, made when it is first asked for."""

    @functools.cache
    def made(series: str) -> Whole:
        instance, layer = NETWORKS[series]
        folder = ROOT / "graphs/shapes"
        if series == "mobilenet":
            folder = request.getfixturevalue("mobilenet").parent
        unrendered = with_graph(
            folder / f"{instance}.pb", series, layer, tmp_path_factory.mktemp(series) / "unrendered"
        )
        known = unrendered.run("--dry-run")
        assert known.jobs["render_sprite"] == 20, known.text
        project = unrendered.copy(unrendered.folder.with_name("whole"))
        render(project, 1, **WHOLE)
        sprites = project.sprites()
        assert len(sprites) == len(set(sprites.values())) == 64
        statuses = [png.read(project.folder / path)[1]["status"] for path in sprites]
        assert statuses.count("ok") >= 48
        return Whole(unrendered, sprites)

    return made


@pytest.mark.parametrize(("series", "way"), CASES)
def test_a_sprite_is_the_same_file(whole, series, way, tmp_path):
    expected = whole(series)
    project = expected.unrendered.copy(tmp_path / "project")
    for jobs, settings in WAYS[way]:
        render(project, jobs, **settings)
    sprites = project.sprites()
    assert len(sprites) == (2 if way == "alone" else 20)
    assert [path for path in sprites if sprites[path] != expected.sprites[path]] == []


@pytest.mark.stress
def test_networks_with_the_same_convolutions_give_the_same_pictures(mobilenet, tmp_path):
    """Two heads on one network: its layers are the same, and so are the files of their sprites."""
    project = with_graph(mobilenet, "mobilenet", CONV_8, tmp_path / "project")
    shutil.copy(mobilenet.with_name("flowers.pb"), project.folder / "graphs/mobilenet")
    render(project, 2)
    sprites = {
        instance: [path.read_bytes() for path in project.results(f"mobilenet/{instance}/sprites/*")]
        for instance in ("imagenet", "flowers")
    }
    assert len(sprites["imagenet"]) == len(sprites["flowers"]) == 20
    assert sprites["imagenet"] == sprites["flowers"]
