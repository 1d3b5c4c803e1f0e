"""The workflow as a module of somebody else's."""

import subprocess
import sys

import pytest
import yaml

from workflow_project import ROOT, Project

OUTER = f"""
{{configfile}}

module lucid_sprites:
    snakefile: "{ROOT}/Snakefile"
    {{config}}
    {{prefix}}

use rule * from lucid_sprites{{renamed}}

rule report:
    default_target: True
    input: rules.{{all}}.input, "{{results}}/tiny/young/losses.csv"
    output: "report.txt"
    shell: "wc -l < {{results}}/tiny/young/losses.csv > {{{{output}}}}"
"""


# What a module without any settings is.
PARTS = {"configfile": "", "config": "", "prefix": "", "renamed": "", "all": "all",
         "results": "results"}  # fmt: skip


def outer(rendered, folder, **parts) -> Project:
    """A project with a Snakefile of its own, nothing rendered."""
    project = rendered.copy(folder)
    for result in project.results("**/*.*"):
        result.unlink()
    (project.folder / "Snakefile").write_text(OUTER.format(**PARTS | parts))
    return project


def run(project, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--jobs", "2", *arguments], cwd=project.folder,
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip


def test_with_the_config_of_the_outer_workflow(rendered, tmp_path):
    parts = {"configfile": 'configfile: "study.yaml"', "config": 'config: config["sprites"]',
             "renamed": " as sprites_*", "all": "sprites_all"}  # fmt: skip
    project = outer(rendered, tmp_path / "outer", **parts)
    (project.folder / "study.yaml").write_text(yaml.safe_dump({"sprites": project.config()}))
    (project.folder / "config.yaml").write_text("series: [not ours")
    done = run(project)
    assert done.returncode == 0, done.stderr
    assert "rule sprites_optimize" in done.stderr
    assert project.sprites() == rendered.sprites()
    assert (project.folder / "report.txt").read_text().strip() == "23"


def test_with_its_own_config_file(rendered, tmp_path):
    project = outer(rendered, tmp_path / "outer")
    done = run(project)
    assert done.returncode == 0, done.stderr
    assert project.sprites() == rendered.sprites()


@pytest.mark.stress
@pytest.mark.parametrize(
    ("prefix", "results"),
    [
        ('prefix: "deep/inside"', "deep/inside/results"),
        ('replace_prefix: {"results/": "out/"}', "out"),
    ],
)
def test_with_a_prefix_for_the_results(rendered, tmp_path, prefix, results):
    project = outer(
        rendered,
        tmp_path / "outer",
        prefix=prefix,
        results=results,
        renamed=" as inner_*",
        all="inner_all",
    )
    done = run(project)
    assert done.returncode == 0, done.stderr
    assert not project.results("*/*/sprites/*")
    inside = project.folder / results
    made = {f"results/{path.relative_to(inside)}": path.read_bytes()
            for path in inside.glob("*/*/sprites/*.png")}  # fmt: skip
    assert made == rendered.sprites()
    assert (inside / "tiny/index.html").exists()
    again = run(project)
    assert "Nothing to be done" in again.stderr


def test_a_prefix_of_anything_else_is_refused(rendered, tmp_path):
    parts = {"prefix": 'replace_prefix: {"results/tiny/": "out/"}'}
    refused = run(outer(rendered, tmp_path / "outer", **parts), "--dry-run")
    text = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "replace_prefix: can only move the results folder, here results/" in text
    assert "Traceback" not in text


def test_a_wrong_config_is_said(rendered, tmp_path):
    config = "config: {'series': {'tiny': {'layer': ['conv1/Relu']}}}"
    refused = run(outer(rendered, tmp_path / "outer", config=config), "--dry-run")
    text = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "unknown key 'layer' at series.tiny" in text
    assert "Traceback" not in text
