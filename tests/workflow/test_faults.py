"""What goes wrong while the workflow runs: it is said, and the next run gives the same bytes."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

import psutil
import pytest

import tiny_graphs
from workflow_project import Project

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system, which needs root")


@pytest.fixture(scope="session")
def slow(tmp_path_factory) -> Project:
    """Four batches that take some seconds, nothing rendered but the catalogue."""
    project = Project(tmp_path_factory.mktemp("slow") / "project")
    tiny_graphs.save(tiny_graphs.small(depth=32), project.folder / "graphs/tiny/young.pb")
    settings = {"thresholds": [4, 200], "scale": 16, "transforms": [{"jitter": 2}], "batch_size": 8}
    # In a range in which every unit wakes at the first attempt.
    series = {"layers": ["conv1/Relu"], "input": {"range": [-1, 1]}}
    project.configure({"defaults": settings, "series": {"tiny": series}})
    assert project.run("--dry-run").code == 0
    return project


@pytest.fixture(scope="session")
def undisturbed(slow) -> dict[str, bytes]:
    """What comes out of it."""
    project = slow.copy(slow.folder.with_name("undisturbed"))
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    return pictures(project)


@pytest.fixture
def fresh(slow, tmp_path) -> Project:
    """The slow project, to be disturbed."""
    return slow.copy(tmp_path / "project")


def pictures(project) -> dict[str, bytes]:
    """Sprites and sheets by path."""
    sheets = project.results("*/*/spritemaps/*")
    return project.sprites() | {
        str(path.relative_to(project.folder)): path.read_bytes() for path in sheets
    }


def logged(project) -> int:
    """Sprites whose optimization has been logged."""
    return sum(log.read_text().count(" attempt ") for log in project.results("*/*/logs/*.log"))


def interrupted(project, disturb) -> str:
    """Start a run, disturb it in its second batch, and return what it said to the end."""
    process = project.start("--jobs", "1")
    deadline = time.monotonic() + 200
    while logged(project) < 9:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    disturb(process)
    text, _ = process.communicate(timeout=200)
    assert process.returncode != 0
    return text


def completes(project, expected):
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    assert pictures(project) == expected
    assert "Nothing to be done" in project.run("--jobs", "2").text
    left = [path for path in project.results("**/*") if path.name.endswith(".part")]
    assert left == []


def optimizing(snakemake: subprocess.Popen) -> psutil.Process:
    children = psutil.Process(snakemake.pid).children(recursive=True)
    return next(child for child in children if "optimize_block" in " ".join(child.cmdline()[:4]))


def test_the_optimizing_job_is_killed(fresh, undisturbed):
    text = interrupted(fresh, lambda snakemake: optimizing(snakemake).kill())
    assert "Error in rule optimize" in text
    assert "Traceback" not in text
    assert 9 <= fresh.optimized() < 32
    completes(fresh, undisturbed)
    assert fresh.optimized() < 32


@pytest.mark.stress
def test_a_sprite_job_is_killed(fresh, undisturbed):
    process = fresh.start("--jobs", "1")
    parent, killed = psutil.Process(process.pid), []
    while process.poll() is None and not killed:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in parent.children(recursive=True):
                if "extract.py" in " ".join(child.cmdline()[:4]):
                    child.kill()
                    killed.append(child.pid)
    text, _ = process.communicate(timeout=200)
    assert process.returncode != 0
    assert "Error in rule render_sprite" in text
    assert "Traceback" not in text
    assert fresh.optimized() == 32
    completes(fresh, undisturbed)
    assert fresh.optimized() == 0


@pytest.mark.stress
def test_snakemake_is_killed_and_its_job_lives_on(fresh, undisturbed):
    """The job goes on beside the new run's, and neither harms the other."""
    interrupted(fresh, lambda snakemake: snakemake.kill())
    refused = fresh.run("--jobs", "1")
    assert refused.code != 0
    assert "--unlock" in refused.text
    assert fresh.run("--unlock").code == 0
    completes(fresh, undisturbed)


def test_ctrl_c(fresh, undisturbed):
    text = interrupted(fresh, lambda snakemake: os.killpg(snakemake.pid, signal.SIGINT))
    assert "Terminating processes on user request" in text
    assert "interrupted; what was finished is kept" in text
    assert "Traceback" not in text
    completes(fresh, undisturbed)  # without --unlock
    assert fresh.optimized() < 32


@pytest.mark.stress
def test_two_invocations_at_once(fresh, undisturbed):
    first = fresh.start("--jobs", "1")
    while logged(fresh) < 9:
        time.sleep(0.02)
    second = fresh.run("--jobs", "1")
    assert second.code != 0
    assert "lock" in second.text.lower()
    assert "Traceback" not in second.text
    text, _ = first.communicate(timeout=200)
    assert first.returncode == 0, text
    completes(fresh, undisturbed)


@pytest.mark.stress
def test_a_graph_replaced_while_it_is_rendered(fresh, undisturbed):
    """No picture of one network is kept under the name of another.

    A run goes on with the network that it began with; the next one renders the new one.
    """
    graph = fresh.folder / "graphs/tiny/young.pb"
    config = fresh.config()
    config["defaults"]["block_size"] = 8
    fresh.configure(config)
    before = graph.read_bytes()

    def replace(_):
        tiny_graphs.save(tiny_graphs.small(depth=32, seed=5), graph)

    process = fresh.start("--jobs", "1")
    while logged(fresh) < 9:
        assert process.poll() is None
        time.sleep(0.02)
    replace(process)
    process.communicate(timeout=200)
    assert process.returncode == 0
    straight = fresh.copy(fresh.folder.with_name("straight"))
    shutil.rmtree(straight.folder / "results")
    assert straight.run("--jobs", "2").code == 0
    completes(fresh, pictures(straight))
    graph.write_bytes(before)
    completes(fresh, undisturbed)


@ROOT_ONLY
def test_the_disk_is_full(fresh, undisturbed):
    results = fresh.folder / "results"
    kept = fresh.folder / "kept"
    results.rename(kept)
    results.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", results], check=True)
    try:
        shutil.copytree(kept, results, dirs_exist_ok=True)
        failed = fresh.run("--jobs", "2")
        assert failed.code != 0
        assert "cannot be written: No space left on device" in failed.text
        assert "Traceback" not in failed.text
        finished = len(fresh.results("*/*/store/*/*.zip"))
        assert finished > 0
        fresh.optimized()
        subprocess.run(["mount", "-o", "remount,size=100m", results], check=True)
        completes(fresh, undisturbed)
        assert fresh.optimized() == 32 - finished
    finally:
        subprocess.run(["umount", results], check=True)


def truncated(content):
    return content[: len(content) // 2]


def emptied(_):
    return b""


def garbage(content):
    return bytes(reversed(content))


@pytest.mark.parametrize("damage", [truncated, emptied, garbage])
def test_damaged_files_are_made_again(project, rendered, damage):
    """A sprite, a block, and an entry of the store that is needed."""
    sprite = project.sprite("l_2_i_3_t_8_s_16")
    (block,) = project.results("tiny/young/blocks/l_5_b_0.zip")
    for path in (sprite, block):
        path.write_bytes(damage(path.read_bytes()))
    for path in project.results("tiny/old/store/*/*.zip"):
        path.write_bytes(damage(path.read_bytes()))
    project.results("tiny/old/blocks/l_2_b_0.zip")[0].unlink()
    project.sprite("l_2_i_0_t_4_s_16", "tiny/old").unlink()
    first = project.run("--jobs", "2")
    assert "Traceback" not in first.text
    if damage is truncated:  # its beginning still says that it was made as wanted
        assert first.code != 0
        assert "sprites/l_2_i_3_t_8_s_16.png: not a whole sprite" in first.text
        assert re.search(r"blocks/l_5_b_0.zip: no whole i_\d_t_\d", first.text)
    else:
        assert first.code == 0, first.text
    completes(project, pictures(rendered))
    (log,) = project.results("tiny/old/logs/l_2_b_0.log")
    assert log.read_text().count("is damaged") == 6


@pytest.mark.stress
def test_damaged_descriptions_are_made_again(project, rendered):
    """The JSON files that one stage writes and another reads, each stage after the other."""
    catalogue = project.folder / "results/tiny/young/layers.json"
    catalogue.write_bytes(truncated(catalogue.read_bytes()))
    for name in ("young/spritemaps/l_2_t_4.json", "old/viewer/l_5.json", "manifest.json"):
        path = project.folder / "results/tiny" / name
        if not path.exists():  # the job that failed before should have made it
            assert project.run("--jobs", "2").code == 0
        path.write_bytes(truncated(path.read_bytes()))
        failed = project.run("--jobs", "2")
        assert failed.code != 0
        assert f"results/tiny/{name}: is damaged (" in failed.text
        assert "Traceback" not in failed.text
        # Only the first of these runs has to read the model anew.
        assert ("Reading 1 new or changed models" in failed.text) == ("spritemaps" in name)
    completes(project, pictures(rendered))
    assert project.optimized() == 0


def test_a_power_cut(fresh, undisturbed):
    """Half-written files beside their places, a torn store, a lock that nobody holds."""
    interrupted(fresh, lambda snakemake: os.killpg(snakemake.pid, signal.SIGKILL))
    for entry in fresh.results("*/*/store/*/*.zip")[::2]:
        entry.with_name(f".{entry.name}.half").write_bytes(entry.read_bytes()[:99])
        os.truncate(entry, 99)
    block = fresh.folder / "results/tiny/young/blocks/l_2_b_0.zip"
    block.parent.mkdir(exist_ok=True)
    block.write_bytes(b"")
    sprite = fresh.sprite("l_2_i_0_t_4_s_16")
    sprite.parent.mkdir(exist_ok=True)
    sprite.with_name(f"{sprite.name}.part").write_bytes(b"half")
    assert "--unlock" in fresh.run("--jobs", "1").text
    assert fresh.run("--unlock").code == 0
    fresh.run("--jobs", "2")
    completes(fresh, undisturbed)


@pytest.mark.stress
def test_a_block_that_an_older_job_leaves_is_not_taken_for_the_new_one(project):
    """As when a cluster still runs a job of a Snakemake that was killed."""
    (block,) = project.results("tiny/young/blocks/l_2_b_0.zip")
    older = block.read_bytes()
    config = project.config()
    config["series"]["tiny"]["layers"][0]["seed"] = 4
    project.configure(config)
    assert project.run("--jobs", "2").code == 0
    expected = pictures(project)
    block.write_bytes(older)
    completes(project, expected)


@pytest.mark.stress
def test_the_store_is_deleted(project, rendered):
    for store in project.results("tiny/*/store"):
        shutil.rmtree(store)
    assert "Nothing to be done" in project.run("--jobs", "2").text
    assert project.run("--jobs", "2", "--forcerun", "optimize").code == 0
    assert project.optimized() == 22
    assert pictures(project) == pictures(rendered)


@ROOT_ONLY
def test_results_that_cannot_be_written_any_more(project, rendered):
    results = project.folder / "results"
    before = dict(project.modified())
    os.utime(project.folder / "graphs/tiny/old.pb")
    subprocess.run(["mount", "--bind", results, results], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", results], check=True)
        refused = project.run("--jobs", "2")
    finally:
        subprocess.run(["umount", results], check=True)
    assert refused.code != 0
    assert "cannot be written" in refused.text
    assert "Traceback" not in refused.text
    assert dict(project.modified()) == before
    completes(project, pictures(rendered))
