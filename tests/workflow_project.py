"""A user's folder with graphs and a config, and the real Snakemake run in it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
# Targets, and reports that are made with every first run.
NOT_COUNTED = {"all", "total", "viewer", "bundle", "preflight", "preflight_report"}
VIEWER = set(
    re.findall(r"^rule (\w+):", (ROOT / "workflow/rules/viewer.smk").read_text(), re.MULTILINE)
) | {"changes", "picture_table"}
_PATIENCE = 1800
"""Seconds after which a run hangs, on a busy machine."""


@dataclass
class Run:
    """What one call of Snakemake did.

    Attributes:
        code: exit code.
        text: all that it printed.
        jobs: number of jobs by rule, without the target rules and those of the viewer.
        pages: number of jobs by rule that make the viewer and its tables.
    """

    code: int
    text: str

    @property
    def jobs(self) -> dict[str, int]:
        return {rule: n for rule, n in self._counts.items() if rule not in VIEWER}

    @property
    def pages(self) -> dict[str, int]:
        return {rule: n for rule, n in self._counts.items() if rule in VIEWER}

    @property
    def _counts(self) -> dict[str, int]:
        tables = re.findall(r"^job +count\n[- ]+\n((?:\S+ +\d+\n)+)", self.text, re.MULTILINE)
        counts = dict(line.split() for line in tables[0].splitlines()) if tables else {}
        return {rule: int(n) for rule, n in counts.items() if rule not in NOT_COUNTED}


class Project:
    """A folder that Snakemake is run in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copy(self, folder: Path) -> "Project":
        """The same state, timestamps included, in another folder."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    def configure(self, config: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config))

    def config(self) -> dict[str, Any]:
        return yaml.safe_load((self.folder / "config.yaml").read_text())

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Snakemake, on its way."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        return subprocess.Popen(
            [*command, "--directory", str(self.folder), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "200"},
        )  # fmt: skip

    def run(self, *arguments: str) -> Run:
        process = self.start(*arguments)
        text, _ = process.communicate(timeout=_PATIENCE)
        return Run(process.returncode, text)

    def render(self, *arguments: str) -> tuple[dict[str, int], int]:
        """Say what will run, run it, and return the jobs and the number of sprites optimized."""
        foreseen = self.run("--dry-run")
        assert foreseen.code == 0, foreseen.text
        done = self.run("--jobs", "2", *arguments)
        assert done.code == 0, done.text
        assert done.jobs == foreseen.jobs
        return done.jobs, self.optimized()

    def optimized(self) -> int:
        """Sprites optimized since the last call, by the logs of the jobs."""
        count = 0
        for log in self.results("*/*/logs/*.log"):
            count += len(re.findall(r" index \d+ attempt \d+: ", log.read_text()))
            log.unlink()
        return count

    def results(self, pattern: str) -> list[Path]:
        return sorted((self.folder / "results").glob(pattern))

    def sprite(self, name: str, instance: str = "tiny/young") -> Path:
        return self.folder / "results" / instance / "sprites" / f"{name}.png"

    def cells(self, sheet: str, instance: str = "tiny/young") -> list[dict[str, Any]]:
        """What a sheet says of each of its cells."""
        path = self.folder / "results" / instance / "spritemaps" / f"{sheet}.json"
        return json.loads(path.read_text())["cells"]

    def sprites(self) -> dict[str, bytes]:
        """Content of every sprite by its path."""
        found = self.results("*/*/sprites/*.png")
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}

    def modified(self) -> Iterator[tuple[str, int]]:
        """Path and time of every result but catalogues, which follow their graphs, and notes."""
        for path in self.results("**/*.*"):
            if path.name not in ("layers.json", "model.pb", ".fingerprints.json"):
                yield str(path), path.stat().st_mtime_ns
