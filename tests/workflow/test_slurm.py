"""The workflow on a real Slurm of one machine, as the README says."""

import os
import re
import subprocess
import sys

import pytest

import slurm_cluster
from workflow_project import ROOT

# For a cluster without accounting; the last two only save the test's time.
OPTIONS = [
    *("--profile", "profiles/slurm", "--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2"),
]


@pytest.fixture(scope="module")
def cluster():
    """What to put before a command so that it runs on the cluster."""
    reason = slurm_cluster.why_not()
    if reason and not os.environ.get("CI"):
        pytest.skip(reason)
    assert reason is None
    with slurm_cluster.cluster() as inside:
        yield inside


def on_slurm(cluster, project, *arguments):
    command = [*cluster, sys.executable, "-m", "snakemake", "--directory", str(project.folder)]
    return subprocess.run(
        [*command, *OPTIONS, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=280,
        check=False,
    )  # fmt: skip


def test_blocks_are_slurm_jobs_and_the_bytes_those_of_a_local_run(cluster, rendered, tmp_path):
    project = rendered.copy(tmp_path / "project")
    for result in project.results("**/*.*"):
        result.unlink()
    done = on_slurm(cluster, project)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    submitted = re.findall(r"Job \d+ has been submitted .*slurm_logs/(\w+)/", text)
    assert submitted == ["rule_optimize"] * 4
    assert project.sprites() == rendered.sprites()
    assert project.results("*/*/spritemaps/*.png")
    again = on_slurm(cluster, project)
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.stress
def test_a_job_that_fails_on_a_node_is_tried_again_and_then_said(cluster, rendered, tmp_path):
    """Its log comes to where Snakemake runs; the other blocks are made."""
    project = rendered.copy(tmp_path / "project")
    for result in project.results("**/*.*"):
        result.unlink()
    (project.folder / "results/tiny/old").mkdir(parents=True, exist_ok=True)
    store = project.folder / "results/tiny/old/store"
    if store.is_dir():
        store.rename(project.folder / "hidden")
    store.write_text("in the way")
    failed = on_slurm(cluster, project, "--retries", "1")
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert len(re.findall(r"has been submitted .*slurm_logs/rule_optimize/tiny_old", text)) == 4
    assert "error: results/tiny/old/store" in text
    store.unlink()
    assert on_slurm(cluster, project).returncode == 0
    assert project.sprites() == rendered.sprites()
