"""Graphs that are described already."""

import contextlib
import shutil

import pytest
from study_folder import SOURCE, Study

from lucid_sprites.planning.load import load
from tiny_graphs import save, small


@pytest.fixture(scope="session")
def described(tmp_path_factory):
    """Catalogues are made once: starting TensorFlow takes seconds."""
    study = Study(tmp_path_factory.mktemp("described"))
    for instance in ("epoch2", "epoch10"):
        save(small(), study.graph(instance))
    save(small(depth=4), study.graphs / "other" / "b.pb")
    config = {"graphs": str(study.graphs), "results": str(study.results)}
    with contextlib.chdir(study.graphs.parent):
        load({**config, "series": {"shapes": None, "other": None}}, SOURCE)
    return study


@pytest.fixture
def study(described, tmp_path, monkeypatch):
    """A copy, for one test to change: a project that was moved, whose models are not read again."""
    shutil.copytree(described.graphs.parent, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Study(tmp_path)
