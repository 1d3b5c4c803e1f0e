"""The floors of the package: what each may build on, and what the workflow imports as it starts."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import lucid_sprites

PACKAGE = Path(lucid_sprites.__file__).parent
FLOORS = [
    {"config", "sandbox"}, {"recipe"}, {"planning"}, {"models"}, {"engine"}, {"sprites"},
    {"tensorboard"}, {"images", "training", "comparison", "viewer"}, {"api"},
]  # fmt: skip
"""From the ground up; what lies in no folder is the ground of all."""


def floor(name):
    """The floor of a module, by its folder; -1 for the modules beside the folders."""
    parts = name.split(".")
    return next((level for level, names in enumerate(FLOORS) if parts[1] in names), -1)


def imports(file):
    """The modules of the package that a file imports, also inside its functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_folder_has_a_floor():
    folders = {file.parent.name for file in PACKAGE.glob("*/__init__.py")}
    assert folders == set.union(*FLOORS)


def test_no_floor_builds_on_one_above():
    wrong = []
    for file in PACKAGE.rglob("*.py"):
        name = ".".join(["lucid_sprites", *file.relative_to(PACKAGE).with_suffix("").parts])
        used = [each for each in imports(file) if each.startswith("lucid_sprites.")]
        wrong += [(name, each) for each in used if floor(each) > floor(name)]
    assert not wrong


def test_nothing_heavy_is_imported_as_the_workflow_starts():
    lines = Path(PACKAGE.parents[1] / "Snakefile").read_text().splitlines()
    starts = [line for line in lines if line.startswith("from lucid_sprites")]
    program = "\n".join([*starts, "import sys", "print(*sys.modules)"])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(starts) > 5
    assert not {"numpy", "pandas", "tensorflow", "keras", "PIL"} & {*done.stdout.split()}
