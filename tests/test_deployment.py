"""What the workflow is installed by: environments, the container, the catalogue's description."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / "workflow/envs/lucid-sprites.yaml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
README = (ROOT / "README.md").read_text()
INSTALL = "--no-deps --require-hashes -r"


def test_every_rule_that_runs_a_program_has_the_environment():
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        rules = re.split(r"^(?:rule|checkpoint) ", file.read_text(), flags=re.MULTILINE)[1:]
        for rule in rules:
            if "shell:" in rule:
                (path,) = re.findall(r'conda:\n +"(.+)"', rule)
                assert (file.parent / path).resolve() == ENVIRONMENT, rule


def test_the_environment_is_of_these_requirements():
    text = ENVIRONMENT.read_text()
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest()
    assert f"sha256 of requirements.txt: {digest}\n" in text, "run `make lock`"
    python, pip = yaml.safe_load(text)["dependencies"]
    least = re.search(r'requires-python = ">=(.+)"', (ROOT / "pyproject.toml").read_text())[1]
    version, lowest = (tuple(map(int, v.split("."))) for v in (python.split("=")[1], least))
    assert version >= lowest
    assert pip == "pip"


def test_the_environments_script_installs_the_locked_list(tmp_path):
    """With a `python` that only says what it was asked."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    script = ENVIRONMENT.with_name("lucid-sprites.post-deploy.sh")
    ran = subprocess.run(
        ["sh", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}",
             "LUCID_SPRITES": str(ROOT / "workflow/lucid_sprites")},
    )  # fmt: skip
    start, _, path = ran.stdout.strip().rpartition(" ")
    assert start == f"-m pip install {INSTALL}"
    assert Path(path).resolve() == ROOT / "requirements.txt"


def test_everything_installs_alike():
    assert DOCKERFILE.count(INSTALL) == 1
    assert f"{INSTALL} requirements.txt" in (ROOT / "Makefile").read_text()
    copied = re.findall(r"^COPY (\S+)", DOCKERFILE, re.MULTILINE)
    assert copied == ["requirements.txt"]
    assert [f"!{name}" for name in copied] == (ROOT / ".dockerignore").read_text().split()[1:]


def test_the_readme_runs_the_image_that_it_builds():
    (name,) = re.findall(r"^docker build -t (\S+) \.$", README, re.MULTILINE)
    assert re.search(rf"^docker run .* {name} snakemake -j \d+$", README, re.MULTILINE)
    assert f"docker-daemon:{name}:latest" in README


def test_the_dockerfile_is_as_linters_want_it():
    hadolint = shutil.which("hadolint", path=f"{ROOT / '.venv/bin'}:{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("needs the program hadolint")
    ran = subprocess.run(
        [hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert ran.stdout == ""
    assert ran.returncode == 0


def test_the_workflow_catalogue_is_told_what_is_true():
    told = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert told["mandatory-flags"].keys() == {"desc", "flags"}
    assert told["software-stack-deployment"] == {
        "conda": True, "apptainer": False, "apptainer+conda": False,
    }  # fmt: skip
    assert told["report"] is True
    assert (ROOT / "workflow/report/workflow.rst").is_file()
