"""Results that more than one config, or more than one project, writes into."""

import json
import re
import shutil

import pytest
import yaml

import tiny_graphs
from lucid_sprites import layout
from workflow_project import Project

SETTINGS = {"thresholds": [2], "scale": 16, "transforms": "none", "indexes": [0]}


def config(*series, **more):
    """One neuron of each series."""
    own = {name: {"layers": ["conv2/Relu"]} for name in series}
    return {"defaults": SETTINGS, "series": own, **more}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Project:
    """Two configs of one project, one series each; that of `a` has run."""
    project = Project(tmp_path_factory.mktemp("made") / "project")
    for seed, name in enumerate(("a", "b")):
        tiny_graphs.save(tiny_graphs.small(seed=seed), project.folder / f"graphs/{name}/x.pb")
        (project.folder / f"{name}.yaml").write_text(yaml.safe_dump(config(name)))
    run(project, "a")
    return project


@pytest.fixture
def project(made, tmp_path) -> Project:
    return made.copy(tmp_path / "project")


def run(project, name, *arguments):
    done = project.run(
        "--jobs", "2", *arguments, "--configfile", str(project.folder / f"{name}.yaml")
    )
    assert done.code == 0, done.text
    return done


def shown(project) -> list[str]:
    """The series of the start page, in order."""
    page = (project.folder / "results/index.html").read_text()
    (text,) = re.findall(r"const MANIFESTS = (.*);</script>", page)
    return [series["series"] for series in json.loads(text)]


def test_the_start_page_shows_the_series_of_all_configs(project):
    assert shown(project) == ["a"]
    run(project, "b")
    assert shown(project) == ["a", "b"]
    before = (project.folder / "results/index.html").read_bytes()
    for name in ("a", "b", "a"):
        assert "Nothing to be done" in run(project, name).text
    assert (project.folder / "results/index.html").read_bytes() == before
    shutil.rmtree(project.folder / "results/b")
    assert run(project, "a").pages == {"start_page": 1}
    assert shown(project) == ["a"]


@pytest.mark.parametrize("damage", ["{", '{"format": 1}'])
def test_what_another_config_left_damaged_is_left_out_and_stays(project, damage):
    other = project.folder / "results/old/manifest.json"
    other.parent.mkdir()
    other.write_text(damage)
    run(project, "a")
    assert shown(project) == ["a"]
    assert other.read_text() == damage


def test_a_copied_series_is_not_shown_twice(project):
    shutil.copytree(project.folder / "results/a", project.folder / "results/copy")
    run(project, "a")
    assert shown(project) == ["a"]


@pytest.mark.stress
def test_two_projects_cannot_share_results(project, tmp_path):
    other = project.copy(tmp_path / "other")
    shared = tmp_path / "shared"
    for each, name in ((project, "a"), (other, "b")):
        text = yaml.safe_dump(config(name, results=str(shared)))
        (each.folder / f"{name}.yaml").write_text(text)
    run(other, "b", "--dry-run")
    assert not (shared / layout.OWNER).exists()
    run(project, "a")
    before = {path: path.stat().st_mtime_ns for path in shared.rglob("*")}
    for arguments in (["--jobs", "1"], ["--dry-run"]):
        done = other.run(*arguments, "--configfile", str(other.folder / "b.yaml"))
        assert done.code == 1
        assert f"belongs to the project {project.folder}" in done.text
        assert str(other.folder) in done.text and "Traceback" not in done.text
    assert {path: path.stat().st_mtime_ns for path in shared.rglob("*")} == before
    project.folder.rename(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    run(other, "b")
    assert str(other.folder) in (shared / layout.OWNER).read_text()
