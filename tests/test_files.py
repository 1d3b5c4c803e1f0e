"""Files that are whole or absent, and names in an order that people expect."""

import contextlib
import errno
import hashlib
import os
import socket
import stat
from pathlib import Path

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.files import (
    TEXT,
    check_input,
    natural_key,
    save_whole,
    sha256,
    write_whole,
)


@pytest.fixture
def umask():
    """Sets the process's umask; puts the old one back."""
    before = os.umask(0)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(
    ("content", "data"), [(b"\x00\xff", b"\x00\xff"), ("né\n", b"n\xc3\xa9\n")]
)
def test_content_is_written_with_its_folders(tmp_path, content, data):
    path = tmp_path / "new" / "deeper" / "file"
    write_whole(path, content)
    assert path.read_bytes() == data
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_an_old_file_is_replaced_whole(tmp_path):
    path = tmp_path / "file"
    write_whole(str(path), "a long old content")
    write_whole(str(path), "new")
    assert path.read_text() == "new"


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def save(temporary):
        Path(temporary).write_text("new")
        assert Path(temporary).parent == tmp_path
        assert path.read_text() == "old"

    save_whole(path, save)
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_failure_while_saving_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")

    def save(temporary):
        Path(temporary).write_text("half")
        raise error

    with pytest.raises(type(error)):
        save_whole(path, save)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_is_the_users_to_mend(tmp_path):
    def save(temporary):
        # The device that is always full.
        with open("/dev/full", "wb") as full:
            full.write(b"content")

    path = tmp_path / "file"
    with pytest.raises(UserError) as caught:
        save_whole(path, save)
    assert str(caught.value) == f"{path}: cannot be written: {os.strerror(errno.ENOSPC)}"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "folder").write_text("")
    path = tmp_path / "folder" / "file"
    with pytest.raises(UserError, match="cannot be written: ") as caught:
        write_whole(path, "content")
    assert str(caught.value).startswith(f"{path}: cannot be written: ")


def test_a_file_that_is_a_folder_is_refused_and_kept(tmp_path):
    path = tmp_path / "file"
    path.mkdir()
    with pytest.raises(UserError, match="cannot be written: Is a directory"):
        write_whole(path, "content")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o002, 0o664)])
def test_files_have_the_rights_that_the_umask_leaves(tmp_path, umask, mask, mode):
    umask(mask)
    path = tmp_path / "file"
    write_whole(path, "content")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert os.umask(mask) == mask


def test_the_hash_is_that_of_the_content(tmp_path):
    path = tmp_path / "file"
    content = bytes(range(256)) * 5000
    path.write_bytes(content)
    assert sha256(path) == hashlib.sha256(content).hexdigest()
    path.write_bytes(b"")
    assert sha256(str(path)) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "ordered",
    [
        ["2k", "10k", "100k"],
        ["epoch2", "epoch10", "epoch010b"],
        ["1", "2", "a", "a1", "a2", "a10", "b"],
        ["v1.9", "v1.10", "v2.0"],
        ["007", "8"],
    ],
)
def test_numbers_in_names_count_as_numbers(ordered):
    shuffled = ordered[::-1]
    assert sorted(shuffled, key=natural_key) == ordered


def test_digits_that_are_no_decimals_are_letters():
    assert sorted(["1²", "1"], key=natural_key) == ["1", "1²"]


def test_what_killed_programs_left_is_cleared_when_it_is_old(tmp_path):
    path = tmp_path / "sheet.png"
    old, young, other = (
        tmp_path / f".{name}" for name in ("sheet.png.a", "sheet.png.b", "x.png.a")
    )
    for left in (old, young, other):
        left.write_bytes(b"half")
    for left in (old, other):
        os.utime(left, (0, 0))
    write_whole(path, b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([path, young, other])


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as own, contextlib.chdir(path.parent):
        own.bind(path.name)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(TEXT.largest + 1)


@pytest.mark.parametrize("is_link", [False, True], ids=["itself", "link"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_pipe, "is a named pipe"),
        (_socket, "is a socket"),
        (Path.mkdir, "is a folder"),
        (_sparse, "has 17 MB; a text has at most 17"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device"),
        (lambda path: path.symlink_to("/dev/tty"), "is a device"),
        (lambda path: path.symlink_to("/proc/kmsg"), "is made up by the system"),
        (lambda path: path.symlink_to("/proc/self/environ"), "is made up by the system"),
        (lambda path: path.symlink_to(path.name), "cannot be read: Too many levels"),
        (lambda path: None, "cannot be read: No such file"),
    ],
)
def test_what_may_not_be_read_to_its_end_is_refused(tmp_path, make, message, is_link):
    make(tmp_path / "file")
    path = tmp_path / "file"
    if is_link:
        path = tmp_path / "link"
        path.symlink_to("file")
    with pytest.raises(UserError) as caught:
        check_input(path, TEXT, "config.yaml: start")
    assert str(caught.value).startswith(f"config.yaml: start: {path}: {message}")


def test_an_ordinary_file_is_taken_through_links(tmp_path):
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    check_input(tmp_path / "link", TEXT)


def test_a_name_with_a_null_byte_is_refused():
    with pytest.raises(UserError, match="cannot be read: embedded null byte"):
        check_input("a\0b", TEXT)
