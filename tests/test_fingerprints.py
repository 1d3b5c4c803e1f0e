"""What files hold is known by what no program can choose, and read again if in doubt."""

import json
import os
import time

import pytest

from lucid_sprites import fingerprints, made
from lucid_sprites.fingerprints import Fingerprints


@pytest.fixture
def file(tmp_path):
    """A file that was changed long enough ago to be remembered."""
    path = tmp_path / "file"
    path.write_text("old")
    os.utime(path, (1, 1))
    return path


def wait_until_old(path):
    time.sleep(max(0, path.stat().st_ctime + 2.05 - time.time()))


class Reading:
    """Reads a file, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, path: str) -> str:
        self.times += 1
        with open(path) as file:
            return file.read()


def test_a_file_is_read_once_for_all_programs(file, tmp_path):
    read, kept = Reading(), tmp_path / "kept"
    wait_until_old(file)
    for _ in range(2):
        known = Fingerprints(kept)
        assert [known.get("text", str(file), read) for _ in range(2)] == ["old", "old"]
        known.save()
    assert read.times == 1


def test_a_young_file_is_read_again(file, tmp_path):
    """It could change once more within the same tick of the clock."""
    read, known = Reading(), Fingerprints(tmp_path / "kept")
    for _ in range(2):
        known.get("text", str(file), read)
    assert read.times == 2


def test_other_content_of_equal_size_and_time_is_noticed(file, tmp_path):
    read, known = Reading(), Fingerprints(tmp_path / "kept")
    wait_until_old(file)
    assert known.get("text", str(file), read) == "old"
    before = file.stat()
    file.write_text("new")
    os.utime(file, (1, 1))
    after = file.stat()
    assert (after.st_size, after.st_mtime) == (before.st_size, before.st_mtime)
    assert known.get("text", str(file), read) == "new"


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", '{"format": 0}', '{"format": 1, "known": {"text %s": [%s, 5]}}']
)
def test_a_damaged_memory_counts_as_none(file, tmp_path, kept):
    wait_until_old(file)
    if "%s" in kept:
        kept = kept % (file, json.dumps(fingerprints._state(str(file))))
    (tmp_path / "kept").write_text(kept)
    assert Fingerprints(tmp_path / "kept").get("text", str(file), Reading()) == "old"


def test_a_table_says_how_it_was_made_as_long_as_it_is_that_table(tmp_path):
    path = tmp_path / "losses.csv"
    path.write_text("a,b\n")
    assert made.read(str(path)) is None
    made.write_beside(path, "abc")
    assert made.read(str(path)) == "abc"
    path.write_text("a,c\n")
    assert made.read(str(path)) is None


def test_a_folder_says_how_it_was_made(tmp_path):
    made.write_beside(tmp_path, "abc")
    assert made.read(str(tmp_path)) == "abc"
