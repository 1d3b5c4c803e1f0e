"""What all programs of the package do the same: in processes of their own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lucid_sprites

PACKAGE = Path(lucid_sprites.__file__).parent
PROGRAM = """
import argparse, sys
from lucid_sprites import program
from lucid_sprites.errors import UserError
parser = argparse.ArgumentParser()
parser.add_argument("--number", type=int, required=True)
with program.run(parser, {options}) as arguments:
    {body}
"""


def run(body, *arguments, options=""):
    program = PROGRAM.format(body=body, options=options)
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(PACKAGE.parent)},
        check=False,
    )


def test_the_body_has_the_arguments():
    done = run("print(arguments.number + 1)", "--number", "4")
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")


def test_bad_arguments_end_before_anything_is_imported():
    done = run("print('body')", "--number", "four", options="program.TensorFlow.WITH_KERAS")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("argument --number: invalid int value: 'four'\n")


def test_a_user_error_is_one_line():
    done = run("raise UserError('a.png: no picture')", "--number", "4")
    assert (done.returncode, done.stderr) == (1, "error: a.png: no picture\n")


def test_other_exceptions_are_one_line_where_the_program_says_so():
    options = "refused=(OSError,)"
    refused = run("raise OSError('disk full')", "--number", "4", options=options)
    assert (refused.returncode, refused.stderr) == (1, "error: disk full\n")
    fault = run("raise ValueError('a fault')", "--number", "4", options=options)
    assert fault.returncode == 1
    assert "Traceback" in fault.stderr


@pytest.mark.parametrize(
    ("start", "imported", "blocked"),
    [
        ("NONE", "False", "False"),
        ("WHEN_NEEDED", "False", "True"),
        ("WITHOUT_KERAS", "True", "True"),
    ],
)
def test_tensorflow_is_started_as_it_is_declared(start, imported, blocked):
    body = "print('tensorflow' in sys.modules, sys.modules.get('keras', 1) is None)"
    done = run(body, "--number", "4", options=f"program.TensorFlow.{start}")
    assert (done.stdout, done.stderr) == (f"{imported} {blocked}\n", "")


def calls(file):
    """What a module calls, as it is written: `parser.parse_args`."""
    nodes = ast.walk(ast.parse(file.read_text()))
    return {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}


def programs():
    files = [file for file in PACKAGE.rglob("*.py") if "def main(" in file.read_text()]
    # It starts for every sprite, and imports nothing of the package; and jobs are no command line.
    return sorted(f for f in files if f.name not in {"extract.py", "import_model.py"})


@pytest.mark.parametrize("file", programs(), ids=lambda file: file.stem)
def test_every_program_runs_as_all_do(file):
    called = calls(file)
    assert "program.run" in called
    assert not called & {
        "parser.parse_args",
        "logging.basicConfig",
        "tensorflow_start.block_keras",
        "tensorflow_start.import_quietly",
    }
