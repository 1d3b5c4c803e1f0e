"""Files dated in the future: those of the workflow are settled, those of people told by content."""

import os
import time

import pytest

from lucid_sprites.planning import clock
from lucid_sprites.planning.clock import Given

DAY = 86_400


def dated(path, seconds, content="x"):
    """A file that is dated so many seconds from now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (time.time() + seconds,) * 2)
    return path


def test_results_dated_in_the_future_are_settled_in_their_order(tmp_path):
    paths = {
        seconds: dated(tmp_path / f"net/a/blocks/{seconds}.zip", seconds)
        for seconds in (9 * DAY, -DAY, 2 * DAY, DAY, 3, -1)
    }
    twin = dated(tmp_path / "net/a/twin", DAY)
    os.utime(twin, ns=(paths[DAY].stat().st_mtime_ns,) * 2)
    before = {s: path.stat().st_mtime_ns for s, path in paths.items()}
    clock.settle(tmp_path)
    after = {s: path.stat().st_mtime_ns for s, path in paths.items()}
    assert max(after[s] for s in (DAY, 2 * DAY, 9 * DAY)) < time.time_ns() + 10**9
    assert after[-1] < after[DAY] < after[2 * DAY] < after[9 * DAY]
    assert twin.stat().st_mtime_ns == after[DAY]
    assert {s: after[s] for s in (-DAY, -1, 3)} == {s: before[s] for s in (-DAY, -1, 3)}


def test_a_link_is_not_followed(tmp_path):
    outside = dated(tmp_path / "mine.csv", DAY)
    results = tmp_path / "results"
    results.mkdir()
    (results / "mine.csv").symlink_to(outside)
    clock.settle(results)
    assert outside.stat().st_mtime > time.time() + DAY / 2


def test_results_that_are_not_there_are_settled(tmp_path):
    clock.settle(tmp_path / "none")


@pytest.fixture
def given(tmp_path):
    """What Snakemake is told of the file `mine`."""
    told = Given(tmp_path / "results")
    return lambda: told(lambda _: str(tmp_path / "mine"))(None)


def test_an_ordinary_file_is_itself_and_leaves_no_trace(tmp_path, given):
    mine = dated(tmp_path / "mine", -5)
    assert given() == [str(mine)]
    assert not (tmp_path / "results").exists()


def test_a_file_dated_in_the_future_is_told_by_its_content(tmp_path, given):
    mine = dated(tmp_path / "mine", DAY)
    (marker,) = given()
    assert marker.startswith(f"{tmp_path}/results/")
    assert os.stat(marker).st_mtime <= time.time()
    assert given() == [marker]
    dated(mine, 2 * DAY)  # of the same content
    assert given() == [marker]
    dated(mine, DAY, "other")
    assert given() != [marker]
    # Once the clock has caught up, what was made of the file is not younger than it.
    dated(mine, -5)
    assert given() == [marker]
    dated(mine, -5, "a third")
    assert given() == [str(mine)]


def test_what_the_workflow_makes_and_what_is_not_there_is_left_alone(tmp_path):
    told = Given(tmp_path / "results")
    made = str(dated(tmp_path / "results/net/changes.csv", DAY))
    assert told(lambda _: [made, str(tmp_path / "gone")])(None) == [made, str(tmp_path / "gone")]
