"""The program that takes a sprite out of its block, as the workflow starts it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lucid_sprites

PROGRAM = Path(lucid_sprites.__file__).parent / "sprites" / "extract.py"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


@pytest.fixture
def block(tmp_path) -> Path:
    path = tmp_path / "l_0_b_0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("i_1_t_4.png", PNG)
        archive.writestr("i_2_t_4.png", PNG[::-1])
        archive.writestr("attempts.json", "[]")
    return path


@pytest.fixture
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("logs") / "sprite.log"


def taken(block, member, sprite, log) -> subprocess.CompletedProcess:
    command = [sys.executable, "-I", "-S", PROGRAM, block, member, sprite, log]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def assert_refused(done, log, *words):
    """One line for the user, and the same line in the log."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    for word in words:
        assert str(word) in done.stderr
    assert log.read_text() == done.stderr


@pytest.mark.parametrize(("index", "expected"), [(1, PNG), (2, PNG[::-1])])
def test_the_bytes_are_those_of_the_block(tmp_path, block, log, index, expected):
    sprite = tmp_path / "sprite.png"
    sprite.write_bytes(b"an older sprite")
    (tmp_path / "reader").hardlink_to(sprite)
    done = taken(block, f"i_{index}_t_4.png", sprite, log)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sprite.read_bytes() == expected
    # Renamed into place: whoever has the older one open never sees half of a sprite.
    assert (tmp_path / "reader").read_bytes() == b"an older sprite"
    assert sorted(tmp_path.iterdir()) == [block, tmp_path / "reader", sprite]
    assert not log.exists()


def test_a_usual_block_needs_no_zipfile(tmp_path, block, log):
    """Its import takes longer than all the rest, for every sprite."""
    arguments = [PROGRAM, block, "i_2_t_4.png", tmp_path / "sprite.png", log]
    program = "import runpy, sys; sys.modules['zipfile'] = None; sys.argv = sys.argv[1:]; "
    program += "runpy.run_path(sys.argv[0], run_name='__main__')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program, *arguments], check=False)
    assert done.returncode == 0
    assert (tmp_path / "sprite.png").read_bytes() == PNG[::-1]


@pytest.mark.parametrize("unusual", ["a comment", "a longer name before it", "sizes of 64 bits"])
def test_an_unusual_block_is_read_all_the_same(tmp_path, log, unusual):
    path = tmp_path / "l_0_b_0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        if unusual == "a longer name before it":
            archive.writestr("li_1_t_4.png", PNG[::-1])
        with archive.open("i_1_t_4.png", "w", force_zip64=unusual == "sizes of 64 bits") as file:
            file.write(PNG)
        archive.comment = b"made by hand" if unusual == "a comment" else b""
    done = taken(path, "i_1_t_4.png", tmp_path / "sprite.png", log)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "sprite.png").read_bytes() == PNG


def test_a_missing_member_is_named(tmp_path, block, log):
    done = taken(block, "i_9_t_4.png", tmp_path / "sprite.png", log)
    assert_refused(done, log, block, "i_9_t_4.png", "deleted, run again")
    assert not list(tmp_path.iterdir())


def damage(block: Path, kind: str) -> None:
    content = block.read_bytes()
    if kind == "flipped":
        place = content.index(PNG[50:90])
        content = content[:place] + b"\0" + content[place + 1 :]
    broken = {"empty": b"", "garbage": b"no zip" * 99, "cut": content[:-30], "flipped": content}
    block.write_bytes(broken[kind])


@pytest.mark.parametrize("kind", ["empty", "garbage", "cut", "flipped"])
def test_a_broken_block_is_named_and_leaves_no_file(tmp_path, block, log, kind):
    damage(block, kind)
    done = taken(block, "i_1_t_4.png", tmp_path / "sprite.png", log)
    assert_refused(done, log, block, "deleted, run again")
    assert not list(tmp_path.iterdir())


def test_a_block_that_would_fill_the_memory_is_not_unpacked(tmp_path, block, log):
    with zipfile.ZipFile(block, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("i_1_t_4.png", bytes(1 << 20))
    done = taken(block, "i_1_t_4.png", tmp_path / "sprite.png", log)
    assert_refused(done, log, block, "compressed", "deleted, run again")


def test_what_a_killed_job_left_is_written_over(tmp_path, block, log):
    sprite = tmp_path / "sprite.png"
    (tmp_path / "sprite.png.part").write_bytes(b"half")
    assert taken(block, "i_1_t_4.png", sprite, log).returncode == 0
    assert sorted(tmp_path.iterdir()) == [block, sprite]
    assert sprite.read_bytes() == PNG


def test_a_missing_block_is_named(tmp_path, log):
    missing = tmp_path / "l_1_b_0.zip"
    assert_refused(taken(missing, "i_1_t_4.png", tmp_path / "sprite.png", log), log, missing)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path, block, log):
    sprite = tmp_path / "no folder" / "sprite.png"
    done = taken(block, "i_1_t_4.png", sprite, log)
    assert_refused(done, log, sprite, "cannot be written")


def test_a_folder_in_the_sprites_place_is_named_and_leaves_no_part(tmp_path, block, log):
    sprite = tmp_path / "sprite.png"
    sprite.mkdir()
    done = taken(block, "i_1_t_4.png", sprite, log)
    assert_refused(done, log, sprite, "cannot be written")
    assert sorted(tmp_path.iterdir()) == [block, sprite]


def test_a_log_that_cannot_be_written_does_not_hide_the_message(tmp_path, block):
    """A full disk refuses both."""
    done = taken(block, "i_9_t_4.png", tmp_path / "sprite.png", tmp_path / "no folder" / "log")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"error: {block}")
    assert "Traceback" not in done.stderr
