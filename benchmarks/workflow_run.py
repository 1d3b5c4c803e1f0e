"""The whole workflow on the MobileNet, from the command to the last sheet."""

import csv
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cases

from workflow_project import Project

_JOBS = "2"


@dataclass(frozen=True)
class WorkflowSample:
    """What one run took.

    Attributes:
        seconds: from the command to the last sheet.
        whole_seconds: to the end of the command, with plots and pages.
        sprites: files that came out.
        finished: sprites whose optimization reached the threshold, by the log of losses.
    """

    seconds: float
    whole_seconds: float
    sprites: int
    finished: int


def run() -> WorkflowSample:
    """Run Snakemake in an empty folder.

    Raises:
        SystemExit: Snakemake failed, or sprites or sheets are missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder))
        start = time.time()
        done = project.run("--jobs", _JOBS)
        whole_seconds = time.time() - start
        sprites = len(project.results("*/*/sprites/*.png"))
        sheets = project.results("*/*/spritemaps/*.png")
        thresholds = len(cases.WORKFLOW_THRESHOLDS)
        wanted = sum(cases.WORKFLOW_NEURONS.values()) * thresholds
        if (
            done.code
            or sprites != wanted
            or len(sheets) != thresholds * len(cases.WORKFLOW_NEURONS)
        ):
            raise SystemExit(f"{sprites} sprites, {len(sheets)} sheets\n{done.text}")
        seconds = max(sheet.stat().st_mtime for sheet in sheets) - start
        (losses,) = project.results("*/*/losses.csv")
        with losses.open() as file:
            finished = sum(row["status"] == "ok" for row in csv.DictReader(file))
        return WorkflowSample(seconds, whole_seconds, sprites, finished)


def _project(folder: Path) -> Project:
    project = Project(folder)
    layers = [
        {"layer": layer, "indexes": [f"0-{count - 1}"]}
        for layer, count in cases.WORKFLOW_NEURONS.items()
    ]
    settings = {
        "scale": cases.WORKFLOW_SCALE,
        "thresholds": list(cases.WORKFLOW_THRESHOLDS),
        "transforms": "standard",
    }
    project.configure({"defaults": settings, "series": {"mobilenet": {"layers": layers}}})
    graph = folder / "graphs/mobilenet/imagenet.pb"
    graph.parent.mkdir(parents=True)
    shutil.copy(cases.MOBILENET, graph)
    return project
