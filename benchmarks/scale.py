"""What Snakemake itself takes for very many sprites: time and memory, nothing rendered.

    PYTHONPATH=workflow:tests .venv/bin/python benchmarks/scale.py --sprites 1000 20000 100000

For each number a series is made up: a graph with that many channels. Its jobs leave placeholders
(`snakemake_executor_plugin_placeholder`). Measured are the dry run when nothing is there, the run
with nothing to be done, the dry run when a tenth of the sprites is missing, and up to 20,000
sprites the run of everything and that of the missing tenth.
"""

import argparse
import multiprocessing
import os
import re
import sys
import tempfile
from pathlib import Path

from measured_run import call

from workflow_project import Project

_THRESHOLDS = [64, 256]
_DEPTH = 500
_MOST_SCHEDULED = 20_000
_RUN = ("--executor", "placeholder", "--jobs", "2", "--quiet", "rules", "progress")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    # Snakemake finds the executor there.
    os.environ["PYTHONPATH"] = f"{Path(__file__).parent}{os.pathsep}{os.environ['PYTHONPATH']}"
    parser.add_argument("--sprites", type=int, nargs="+", default=[1000, 20_000, 100_000])
    arguments = parser.parse_args()
    print("| sprites | what | seconds | of the processor | peak MB |")
    print("| ---: | --- | ---: | ---: | ---: |")
    for sprites in arguments.sprites:
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            project = _project(Path(folder), sprites)
            call(project, "--list-rules")  # makes the catalogue
            _report(sprites, "dry run, nothing there", project, "--dry-run", "--quiet", "rules")
            if sprites <= _MOST_SCHEDULED:
                _report(sprites, "everything", project, *_RUN)
            else:
                call(project, *_RUN, "--placeholder-unscheduled")
            _report(sprites, "nothing to be done", project, "--jobs", "2")
            _lose_a_tenth(project)
            _report(sprites, "dry run, a tenth missing", project, "--dry-run", "--quiet", "rules")
            if sprites <= _MOST_SCHEDULED:
                _report(sprites, "the missing tenth", project, *_RUN)


def _project(folder: Path, sprites: int) -> Project:
    """A series with layers of `_DEPTH` channels, each straight on the picture."""
    layers = max(1, sprites // len(_THRESHOLDS) // _DEPTH)
    project = Project(folder)
    # In a process of its own: Linux counts a program's memory from that of whoever starts it.
    making = multiprocessing.get_context("spawn").Process(
        target=_save_graph, args=(folder / "graphs/wide/made_up.pb", layers)
    )
    making.start()
    making.join()
    project.configure({"defaults": {"thresholds": _THRESHOLDS}, "series": {"wide": {}}})
    return project


def _save_graph(path: Path, layers: int) -> None:
    import numpy as np
    import tensorflow.compat.v1 as tf

    import tiny_graphs

    def build() -> None:
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        for number in range(layers):
            kernel = np.zeros((1, 1, 3, _DEPTH), np.float32)
            tf.nn.relu(tf.nn.conv2d(picture, kernel, 1, "SAME"), name=f"layer_{number}")

    tiny_graphs.save(tiny_graphs.frozen(build), path)


def _lose_a_tenth(project: Project) -> None:
    sprites = project.results("*/*/sprites/*.png")
    for path in sprites[: len(sprites) // 10]:
        path.unlink()


def _report(sprites: int, what: str, project: Project, *arguments: str) -> None:
    cost = call(project, *arguments)
    print(f"| {sprites:,} | {what} | {cost.seconds:.1f} | {cost.processor:.1f} "
          f"| {cost.megabytes:.0f} |", flush=True)  # fmt: skip
    print(f"{sprites} {what}: {_counted(cost.said)}", file=sys.stderr)


def _counted(said: str) -> str:
    """What a call says it has to do."""
    return re.search(r"Nothing to be done|total +\d+|$", said)[0]


if __name__ == "__main__":
    main()
