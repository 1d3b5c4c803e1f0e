"""Files in a project that bear the names of Python's modules are never run."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tiny_graphs
from workflow_project import ROOT, Project

# Modules of Python and of others that Snakemake, TensorFlow and the workflow import.
NAMES = ("code", "csv", "graphlib", "h5py", "json", "numpy", "pandas", "PIL", "select",
         "tensorflow", "yaml")  # fmt: skip
SHADOW = """import pathlib
pathlib.Path({canary!r}).open("a").write(__name__)
raise ImportError("run instead of the real one")
"""


@pytest.fixture
def shadowed(tmp_path) -> Project:
    """A clone of the workflow with one sprite to make, and a file for each of the names."""
    project = Project(tmp_path / "project")
    tiny_graphs.save(tiny_graphs.small(), project.folder / "graphs/tiny/young.pb")
    layer = {"layer": "conv1/Relu", "indexes": [0]}
    defaults = {"thresholds": [2], "scale": 16, "transforms": []}
    project.configure({"defaults": defaults, "series": {"tiny": {"layers": [layer]}}})
    shutil.copy(ROOT / "Snakefile", project.folder)
    for folder in ("workflow", "profiles"):
        shutil.copytree(ROOT / folder, project.folder / folder)
    for name in NAMES:
        text = SHADOW.format(canary=str(canary(project)))
        (project.folder / f"{name}.py").write_text(text)
    return project


def canary(project: Project) -> Path:
    return project.folder.parent / "canary"


def snakemake(project: Project, *arguments: str) -> str:
    """What the program says, started as in the README."""
    program = Path(sys.executable).with_name("snakemake")
    done = subprocess.run(
        [program, *arguments], cwd=project.folder, capture_output=True, text=True, timeout=280,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_nothing_beside_the_config_is_imported(shadowed):
    snakemake(shadowed, "--jobs", "1")
    assert not canary(shadowed).exists()
    assert len(shadowed.results("*/*/sprites/*.png")) == 1


def test_nothing_in_another_project_is_imported(shadowed):
    """The workflow lies elsewhere: only the working directory holds such files."""
    shutil.rmtree(shadowed.folder / "workflow")
    snakefile = ["--snakefile", str(ROOT / "Snakefile"), "--dry-run"]
    snakemake(shadowed, *snakefile)
    assert not canary(shadowed).exists()


def test_nothing_is_imported_on_a_cluster(shadowed, tmp_path):
    """Whose jobs get the environment of a login, and not that of Snakemake."""
    if importlib.util.find_spec("snakemake_executor_plugin_cluster_generic") is None:
        pytest.skip("needs the plugin snakemake-executor-plugin-cluster-generic")
    submit = tmp_path / "submit"
    log = tmp_path / "cluster.log"
    submit.write_text(
        f'#!/bin/sh\nenv -i HOME="$HOME" PATH=/usr/bin:/bin sh "$1" > {log} 2>&1 &\necho $!\n'
    )
    submit.chmod(0o755)
    snakemake(shadowed, "--profile", "profiles/generic", "--latency-wait", "20",
              "--seconds-between-status-checks", "1",
              "--cluster-generic-submit-cmd", str(submit))  # fmt: skip
    assert "optimize" in log.read_text()
    assert not canary(shadowed).exists()
