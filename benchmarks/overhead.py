"""What everything around the optimization costs: Snakemake, sprite jobs, logs and sheets.

Renders sprites of a tiny network, deletes everything but the store, and times the run that makes
it all again: no optimization is left in it.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import tiny_graphs
from workflow_project import Project


def main() -> None:
    """Measure and print milliseconds for each sprite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sprites", type=int, default=1000)
    parser.add_argument("--jobs", default="2")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder), arguments.sprites)
        _run(project, "1")
        for part in ("blocks", "sprites", "spritemaps", "logs", "losses.csv"):
            for path in project.results(f"tiny/one/{part}"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        seconds = _run(project, arguments.jobs)
        nothing = _run(project, arguments.jobs)
    print(f"{arguments.sprites} sprites at -j{arguments.jobs}: {seconds:.1f} s, "
          f"{1000 * seconds / arguments.sprites:.1f} ms a sprite; "
          f"nothing to be done: {nothing:.1f} s")  # fmt: skip


def _project(folder: Path, sprites: int) -> Project:
    project = Project(folder)
    tiny_graphs.save(tiny_graphs.small(depth=sprites // 2), folder / "graphs/tiny/one.pb")
    project.configure(
        {
            "defaults": {"thresholds": [1, 2], "scale": 16, "transforms": "none"},
            "series": {"tiny": {"layers": ["conv1/Relu"]}},
        }
    )
    return project


def _run(project: Project, jobs: str) -> float:
    start = time.perf_counter()
    done = project.run("--jobs", jobs)
    if done.code:
        raise SystemExit(done.text)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
