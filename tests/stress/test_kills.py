"""Runs of the workflow that are killed at any moment: nothing is lost, stale or wrong."""

import os
import random
import shutil
import signal
import subprocess
import zipfile
from collections import Counter

import psutil
import pytest

import tiny_graphs
from workflow_project import Project

KILLS = 200
_SECONDS = 12  # of a whole run


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """16 neurons in two blocks, nothing rendered but the catalogue."""
    project = Project(tmp_path_factory.mktemp("kills") / "project")
    tiny_graphs.save(tiny_graphs.small(depth=16), project.folder / "graphs/tiny/young.pb")
    settings = {"thresholds": [4, 120], "scale": 16, "transforms": [{"jitter": 2}],
                "batch_size": 8, "block_size": 8}  # fmt: skip
    project.configure({"defaults": settings, "series": {"tiny": {"layers": ["conv1/Relu"]}}})
    assert project.run("--dry-run").code == 0
    return project


def pictures(project) -> dict[str, bytes]:
    """Sprites and sheets by path inside the project."""
    paths = [*project.results("*/*/sprites/*.png"), *project.results("*/*/spritemaps/[!.]*")]
    return {str(path.relative_to(project.folder)): path.read_bytes() for path in paths}


def finished(project) -> set[str]:
    """Names of the store's entries, all of them whole."""
    entries = project.results("*/*/store/*/[!.]*.zip")
    for entry in entries:
        with zipfile.ZipFile(entry) as archive:
            assert archive.testzip() is None
    return {entry.name for entry in entries}


def kill(snakemake: subprocess.Popen, chance: random.Random) -> str:
    """End one of the jobs, Snakemake, or everything; returns which."""
    jobs = psutil.Process(snakemake.pid).children(recursive=True)
    programs = [job for job in jobs if job.name().startswith("python")]
    victim = chance.choice(["snakemake", "everything", *(["job"] if programs else [])])
    if victim == "job":
        chance.choice(programs).kill()
    elif victim == "snakemake":
        snakemake.kill()
    else:
        os.killpg(snakemake.pid, signal.SIGKILL)
    return victim


@pytest.mark.stress
def test_nothing_is_lost_stale_or_wrong_after_kills_at_any_moment(project, tmp_path, capsys):
    undisturbed = project.copy(tmp_path / "undisturbed")
    assert undisturbed.run("--jobs", "2").code == 0
    expected = pictures(undisturbed)
    chance = random.Random(0)
    killed, completed, kept = Counter(), 0, set()
    while killed.total() < KILLS:
        process = project.start("--jobs", "2", "--quiet", "all")
        try:
            process.wait(chance.uniform(0.5, _SECONDS))
            # It came to its end before its time; a killed job of before may have failed it.
            completed += process.returncode == 0
        except subprocess.TimeoutExpired:
            killed[_killed(project, process, chance)] += 1
        now = finished(project)
        assert kept <= now
        kept = now
        there = pictures(project)
        assert {path for path in there if there[path] != expected[path]} == set()
        if there.keys() == expected.keys() and process.returncode == 0:
            _begin_again(project, chance)
            kept = finished(project)
    assert project.run("--jobs", "2").code == 0
    assert pictures(project) == expected
    with capsys.disabled():
        print(f"\n{dict(killed)} killed, {completed} runs completed")
    assert completed


def _killed(project: Project, process: subprocess.Popen, chance: random.Random) -> str:
    """Kill, wait for Snakemake's end, and unlock; returns who was killed."""
    try:
        victim = kill(process, chance)
    except psutil.NoSuchProcess:  # it ended by itself just now
        victim = "nobody"
    if victim == "snakemake":
        process.wait()  # its jobs live on, beside those of the next run
    else:
        process.communicate(timeout=300)
    # What `snakemake --unlock` does, in a tenth of the time.
    shutil.rmtree(project.folder / ".snakemake/locks", ignore_errors=True)
    return victim


def _begin_again(project: Project, chance: random.Random) -> None:
    """Delete everything, or everything but the store."""
    doomed = chance.choice([["blocks", "sprites", "spritemaps", "store"], ["blocks", "sprites"]])
    for name in doomed:
        for folder in project.results(f"*/*/{name}"):
            shutil.rmtree(folder)
