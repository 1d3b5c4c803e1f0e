"""What stands on the screen: errors in quiet runs, and what a run was asked for."""

import shutil
import subprocess
import sys

import pytest
from PIL import Image

import tiny_graphs
from workflow_project import ROOT


@pytest.mark.parametrize("quiet", [(), ("--quiet",), ("--quiet", "all"), ("--quiet", "rules")])
def test_a_failed_job_says_why_however_quiet_the_run_is(project, quiet):
    config = project.config()
    config["series"]["tiny"]["instances"] = [{"instance": "zoo", "lucid": "InceptionV9"}]
    project.configure(config)
    failed = project.run("--jobs", "1", "results/tiny/zoo/layers.json", *quiet)
    assert failed.code != 0
    says = "download_lucid_model failed to make results/lucid_models/InceptionV9.pb:\n"
    says += "  error: lucid's model zoo has no 'InceptionV9'; nearest: InceptionV"
    at_once, at_the_end = failed.text.split("1 job failed:\n")
    assert says in at_once
    assert at_the_end.startswith(says)


def test_a_mistake_in_the_config_is_shown_in_a_silent_run(project):
    config = project.config()
    config["series"]["tiny"]["layers"] = ["conv1/Rleu"]
    project.configure(config)
    refused = project.run("--jobs", "1", "--quiet", "all")
    assert refused.code != 0
    assert "layer 'conv1/Rleu' is not a layer of the graph" in refused.text


def test_blocks_that_fail_keep_going_and_are_listed_without_their_logs(project):
    """A file where the store was: every block fails, each with a message of its own."""
    config = project.config()
    config["defaults"]["seed"] = 3
    project.configure(config)
    store = project.folder / "results/tiny/young/store"
    shutil.rmtree(store)
    store.write_text("")
    failed = project.run("--jobs", "2", "--quiet", "all")
    assert failed.code != 0
    assert "2 jobs failed:\noptimize failed to make results/tiny/young/blocks/l_" in failed.text
    assert "results/tiny/young/store" in failed.text.split("jobs failed:")[1]
    assert len(failed.text.splitlines()) < 25
    assert project.results("tiny/old/spritemaps/*.png")


def test_pictures_are_counted_where_no_sprite_was_asked_for(project):
    (project.folder / "photos").mkdir()
    Image.linear_gradient("L").convert("RGB").save(project.folder / "photos/grey.png")
    config = project.config()
    config["images"] = [{"pictures": "photos/", "methods": ["activations"]}]
    config["series"]["tiny"]["instances"] = ["young"]
    project.configure(config)
    done = project.run("images", "--jobs", "2", "--quiet", "all")
    assert done.code == 0, done.text
    assert done.text.splitlines()[-1] == "2 files in results/tiny/young/images/grey/activations"


def test_after_a_finished_run_nothing_is_missing(project):
    again = project.run("--dry-run")
    assert "Nothing to be done" in again.text
    assert "metadata" not in again.text


def run_copy(folder, *arguments):
    """The workflow and a tiny network in a folder, and Snakemake in it."""
    shutil.copytree(ROOT / "workflow", folder / "workflow")
    for name in ("Snakefile", "profiles"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    tiny_graphs.save(tiny_graphs.small(), folder / "graphs/tiny/young.pb")
    (folder / "config.yaml").write_text(
        "series: {tiny: {layers: [conv1/Relu], indexes: 0, thresholds: [2], scale: 16, "
        "transforms: none}}"
    )
    command = [sys.executable, "-m", "snakemake", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_project_may_lie_in_a_folder_with_any_name(tmp_path):
    folder = tmp_path / "a:b c'd\"e%s$HOME*[f]ü&;"
    done = run_copy(folder, "--jobs", "2", "--quiet", "all")
    assert done.returncode == 0, done.stderr
    assert "1 sprites: 1 ok" in done.stderr
    assert (folder / "results/tiny/index.html").exists()


def test_braces_in_the_folder_of_the_workflow_are_refused_in_words(tmp_path):
    refused = run_copy(tmp_path / "a{b}", "--dry-run")
    assert refused.returncode != 0
    assert "a{b}/workflow: Snakemake takes braces in this path for wildcards" in refused.stdout


def test_a_file_of_the_project_is_not_taken_for_a_module(project):
    """Of those that Python's own modules import."""
    for name in ("select", "numpy", "code", "json"):
        (project.folder / f"{name}.py").write_text("raise SystemExit('taken for a module')")
    config = project.config()
    config["defaults"]["seed"] = 3
    project.configure(config)
    done = project.run("--jobs", "2", "--quiet", "all")
    assert done.code == 0, done.text
    assert "taken for a module" not in done.text
