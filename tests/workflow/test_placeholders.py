"""Runs whose jobs only leave placeholders, with which `benchmarks/scale.py` measures Snakemake."""

import json
import shutil

import pytest

from workflow_project import ROOT, Project

RUN = ("--executor", "placeholder", "--jobs", "1")


@pytest.fixture
def empty(rendered, tmp_path, monkeypatch) -> Project:
    """The rendered project before anything was rendered; Snakemake finds the executor."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "benchmarks"))
    project = rendered.copy(tmp_path / "empty")
    for folder in ("results", ".snakemake"):
        shutil.rmtree(project.folder / folder)
    return project


def records(project) -> dict[str, dict]:
    """What Snakemake has written down of every output, but for when that was."""
    folder = project.folder / ".snakemake/metadata"
    read = {
        str(path.relative_to(folder)): json.loads(path.read_text())
        for path in folder.rglob("*")
        if path.is_file()
    }
    for record in read.values():
        for of_this_run in ("starttime", "endtime", "job_hash"):
            del record[of_this_run]
    return read


@pytest.mark.parametrize("unscheduled", [[], ["--placeholder-unscheduled"]])
def test_the_records_are_those_of_a_real_run(rendered, empty, unscheduled):
    done = empty.run(*RUN, *unscheduled)
    assert done.code == 0, done.text
    assert records(empty) == records(rendered)
    assert "Nothing to be done" in empty.run("--jobs", "1").text


@pytest.mark.parametrize("changed", [{"learning_rate": 0.1}, {"thresholds": [4, 9]}])
def test_a_setting_makes_due_what_it_does_after_a_real_run(project, empty, changed):
    assert empty.run(*RUN).code == 0
    due = []
    for made in (project, empty):
        config = made.config()
        made.configure({**config, "defaults": {**config["defaults"], **changed}})
        due.append(made.run("--dry-run").jobs)
    assert due[0] == due[1] == {"optimize": 4, "render_sprite": 44, "losses": 2, "spritesheet": 8}


def test_sprites_come_before_the_next_block(empty):
    text = empty.run(*RUN).text
    assert text.index("rule render_sprite:") < text.rindex("rule optimize:")
