"""Runs of the workflow that are killed at any moment: nothing is lost, stale or wrong.

Two projects are at work at once. How many kills are done is kept in pytest's cache: a test that was
interrupted goes on where it was. The environment variable KILLS asks for another number of them.
"""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psutil
import pytest

import tiny_graphs
from workflow_project import Project

KILLS = int(os.environ.get("KILLS", 200))
_AT_ONCE = 2
# What runs, by a part of its command line; otherwise it is Snakemake itself that starts or plans.
_PHASES = {"optimize_block": "optimize", "sprites/extract.py": "sprite", "sprites.sheet": "sheet",
           "sprites.losses": "log", "viewer": "viewer"}  # fmt: skip
_OTHERWISE = "start"


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Project:
    """16 neurons in two blocks, nothing rendered but the catalogue."""
    project = Project(tmp_path_factory.mktemp("kills") / "project")
    tiny_graphs.save(tiny_graphs.small(depth=16), project.folder / "graphs/tiny/young.pb")
    settings = {"thresholds": [4, 60], "scale": 16, "transforms": [{"jitter": 2}],
                "batch_size": 8, "block_size": 8}  # fmt: skip
    project.configure({"defaults": settings, "series": {"tiny": {"layers": ["conv1/Relu"]}}})
    assert project.run("--dry-run").code == 0
    return project


def pictures(project: Project) -> dict[str, bytes]:
    """Sprites and sheets by path inside the project."""
    paths = [*project.results("*/*/sprites/*.png"), *project.results("*/*/spritemaps/[!.]*")]
    return {str(path.relative_to(project.folder)): path.read_bytes() for path in paths}


def finished(project: Project) -> set[str]:
    """Names of the store's entries, all of them whole."""
    entries = project.results("*/*/store/*/[!.]*.zip")
    for entry in entries:
        with zipfile.ZipFile(entry) as archive:
            assert archive.testzip() is None
    return {entry.name for entry in entries}


@dataclass
class Tally:
    """The kills that are done: who was killed, and in what phase of a run.

    Attributes:
        cache: of pytest, which outlives an interrupted test.
        completed: runs that came to their end before they were to be killed.
    """

    cache: pytest.Cache
    done: Counter[str] = field(init=False)
    completed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _begun: int = 0

    def __post_init__(self) -> None:
        self.done = Counter(self.cache.get("kills/done", {}))
        self._begun = self.done.total()

    def begin(self) -> int:
        """The number of a new attempt, which decides all that is random in it."""
        with self._lock:
            self._begun += 1
            return self._begun

    def add(self, victim: str, phase: str) -> None:
        with self._lock:
            self.done[f"{victim} in {phase}"] += 1
            self.cache.set("kills/done", dict(self.done))

    def complete(self) -> None:
        with self._lock:
            self.completed += 1


@dataclass
class Killed:
    """One project whose runs are killed.

    Attributes:
        expected: what comes out of it undisturbed.
        seconds: that a whole run takes.
    """

    project: Project
    expected: dict[str, bytes]
    seconds: float
    tally: Tally
    _kept: set[str] = field(default_factory=set)

    def go_on(self) -> None:
        """Kill until all kills are done, then complete."""
        while self.tally.done.total() < KILLS:
            self._turn(random.Random(self.tally.begin()))
        assert self.project.run("--jobs", "2").code == 0
        assert pictures(self.project) == self.expected

    def _turn(self, chance: random.Random) -> None:
        process = self.project.start("--jobs", "1", "--quiet", "all")
        try:
            process.wait(chance.uniform(0.1, 1.1) * self.seconds)
        except subprocess.TimeoutExpired:
            self._kill(process, chance)
        now = finished(self.project)
        assert self._kept <= now
        self._kept = now
        there = pictures(self.project)
        assert {path for path in there if there[path] != self.expected[path]} == set()
        # A job that was killed before may have failed it.
        if process.returncode == 0:
            assert there.keys() == self.expected.keys()
            self.tally.complete()
            self._begin_again(chance)

    def _kill(self, process: subprocess.Popen, chance: random.Random) -> None:
        """End one of the jobs, Snakemake, or everything; wait for Snakemake's end, and unlock."""
        try:
            jobs = psutil.Process(process.pid).children(recursive=True)
            programs = [job for job in jobs if job.name().startswith("python")]
            phase = _phase(programs)
            victim = chance.choice(["snakemake", "everything", *(["job"] if programs else [])])
            if victim == "job":
                chance.choice(programs).kill()
            elif victim == "snakemake":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            self.tally.add(victim, phase)
        except (psutil.NoSuchProcess, ProcessLookupError):
            victim = "nobody"  # it ended by itself just now
        if victim == "snakemake":
            process.wait()  # its jobs live on, beside those of the next run
        else:
            process.communicate(timeout=300)
        # What `snakemake --unlock` does, in a tenth of the time.
        shutil.rmtree(self.project.folder / ".snakemake/locks", ignore_errors=True)

    def _begin_again(self, chance: random.Random) -> None:
        """Delete everything, or everything but the store."""
        made = ["blocks", "sprites", "spritemaps", "viewer"]
        for name in chance.choice([[*made, "store"], made]):
            for folder in self.project.results(f"*/*/{name}"):
                shutil.rmtree(folder)
        self._kept = finished(self.project)


def _phase(programs: list[psutil.Process]) -> str:
    commands = [" ".join(program.cmdline()) for program in programs]
    running = [phase for part, phase in _PHASES.items() if any(part in line for line in commands)]
    return running[0] if running else _OTHERWISE


@pytest.mark.stress
def test_nothing_is_lost_stale_or_wrong_after_kills_at_any_moment(
    template, tmp_path, capsys, request
):
    undisturbed = template.copy(tmp_path / "undisturbed")
    begun = time.monotonic()
    assert undisturbed.run("--jobs", "1").code == 0
    seconds = time.monotonic() - begun
    expected, tally = pictures(undisturbed), Tally(request.config.cache)
    before, begun = tally.done.total(), time.monotonic()
    projects = [
        Killed(template.copy(tmp_path / f"killed_{number}"), expected, seconds, tally)
        for number in range(_AT_ONCE)
    ]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for ended in [threads.submit(project.go_on) for project in projects]:
            ended.result()
    request.config.cache.set("kills/done", {})
    each = (time.monotonic() - begun) / max(1, tally.done.total() - before)
    with capsys.disabled():
        print(f"\n{tally.done.total()} kills, {each:.1f} s each; {tally.completed} runs completed")
        for what, count in sorted(tally.done.items()):
            print(f"{count:>4} {what}")
    if KILLS >= 200:
        assert {_OTHERWISE, "optimize", "sprite"} <= {what.split()[-1] for what in tally.done}
