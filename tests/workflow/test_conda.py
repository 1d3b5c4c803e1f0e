"""The workflow in a conda environment, with a stand-in for conda."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from workflow_project import ROOT, Project

# What Snakemake asks of conda. The environment's Python is that of the tests: it notes what it is
# asked, and installs nothing.
CONDA = """#!/bin/sh
case "$*" in
--version) echo "conda 24.11.0" ;;
"info --json") echo '{{"conda_prefix": "{base}", "platform": "linux-64"}}' ;;
"config --get channel_priority --json") echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
"env create "*)
    for prefix in "$@"; do :; done  # the last word
    mkdir -p "$prefix/bin"
    cp {base}/python "$prefix/bin/python" ;;
esac
"""
PYTHON = """#!/bin/sh
echo "$@" >> {base}/asked
case "$*" in
"-m pip install"*) exit ;;
esac
exec {python} "$@"
"""
# As conda does it: the new environment takes the place of the active one, or the first place.
ACTIVATE = """
case ":$PATH:" in
*":${{CONDA_PREFIX:-none}}/bin:"*)
    PATH=$(echo ":$PATH:" | sed "s#:$CONDA_PREFIX/bin:#:$1/bin:#; s#^:##; s#:\\$##") ;;
*) PATH="$1/bin:$PATH" ;;
esac
export PATH CONDA_PREFIX="$1"
"""


@pytest.fixture
def base(tmp_path):
    """The folder in which the stand-in for conda is installed."""
    base = tmp_path / "base"
    (base / "bin").mkdir(parents=True)
    texts = {"bin/conda": CONDA, "bin/activate": ACTIVATE, "python": PYTHON}
    for name, text in texts.items():
        (base / name).write_text(text.format(base=base, python=sys.executable))
        (base / name).chmod(0o755)
    return base


@pytest.mark.parametrize("active", [True, False], ids=["base active", "nothing active"])
def test_jobs_run_in_the_environment(active, base, rendered, tmp_path):
    project = rendered.copy(tmp_path / "project")
    for result in project.results("**/*.*"):
        result.unlink()
    name = "l_2_i_3_t_8_s_16"
    sprite = project.sprite(name)
    done = run(project, base, active, str(sprite.relative_to(project.folder)))
    assert done.returncode == 0, done.stderr
    assert sprite.read_bytes() == rendered.sprite(name).read_bytes()
    asked = (base / "asked").read_text().splitlines()
    assert asked[0].startswith("-m pip install") and asked[0].endswith("requirements.txt")
    programs = [re.search(r"lucid_sprites[ /](\w+[./]\w+)", job)[1] for job in asked[1:]]
    assert programs == ["sprites.optimize_block", "sprites/extract"]


def run(project: Project, base: Path, active: bool, *targets: str):
    """Snakemake from an environment of its own, as with `.venv/bin/snakemake`."""
    environ = {name: value for name, value in os.environ.items() if name[:6] != "CONDA_"}
    environ["PATH"] = os.pathsep.join([str(base / "bin"), environ["PATH"]])
    if active:
        environ.update(CONDA_PREFIX=str(base), CONDA_SHLVL="1")
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", *targets,
         "--directory", project.folder, "--software-deployment-method", "conda", "--jobs", "2"],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
