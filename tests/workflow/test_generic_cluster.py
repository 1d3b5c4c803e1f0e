"""The workflow through `profiles/generic`, with a submit command of a few lines."""

import importlib.util
import os
import subprocess
import sys

import pytest

from workflow_project import ROOT

# Like qsub: takes a script, runs it later in its own session, and says nothing of how it ends.
SUBMIT = """#!/bin/sh
echo "$@" >> {folder}/submitted
for script in "$@"; do :; done
setsid sh "$script" > {folder}/cluster.log 2>&1 &
echo $!
"""


@pytest.fixture
def submit(tmp_path):
    """A submit command, and the file in which it notes what it was given."""
    reason = "needs the plugin snakemake-executor-plugin-cluster-generic"
    if importlib.util.find_spec("snakemake_executor_plugin_cluster_generic") is None:
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    command = tmp_path / "submit"
    command.write_text(SUBMIT.format(folder=tmp_path))
    command.chmod(0o755)
    return command, tmp_path / "submitted"


def test_blocks_are_submitted_and_the_bytes_those_of_a_local_run(submit, rendered, tmp_path):
    command, submitted = submit
    project = rendered.copy(tmp_path / "project")
    for result in project.results("**/*.*"):
        result.unlink()
    options = ["--profile", "profiles/generic", "--latency-wait", "20",
               "--seconds-between-status-checks", "1", "--cluster-generic-submit-cmd",
               f"{command} -l h_vmem={{resources.mem_mb}}M -pe smp {{threads}}"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--directory", str(project.folder), *options],
        cwd=ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    jobs = submitted.read_text().splitlines()
    assert len(jobs) == 4  # the blocks, and nothing else
    for job in jobs:
        memory, threads = job.split()[1], job.split()[4]
        assert memory.startswith("h_vmem=7") and threads == "1"
    assert project.sprites() == rendered.sprites()
    assert len(project.results("*/*/spritemaps/*.png")) == 8
