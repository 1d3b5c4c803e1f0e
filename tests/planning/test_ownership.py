"""Two projects do not write into one results folder; one that moved or was copied keeps its own."""

import os
import shutil

import pytest

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.planning import ownership


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A results folder that the project `first` has marked; the second one is at work."""
    for name in ("first", "second", "shared"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "first")
    ownership.claim(tmp_path / "shared")
    monkeypatch.chdir(tmp_path / "second")
    return tmp_path / "shared"


def owner_of(results):
    return (results / layout.OWNER).read_text()


@pytest.mark.parametrize("use", [ownership.check, ownership.claim])
def test_a_second_project_is_refused_with_both_folders_and_the_choices(shared, use, tmp_path):
    before = owner_of(shared)
    with pytest.raises(UserError) as caught:
        use(shared)
    said = str(caught.value)
    for part in (shared, tmp_path / "first", tmp_path / "second", shared / layout.OWNER):
        assert str(part) in said
    assert "another `results`" in said and "one folder" in said
    assert owner_of(shared) == before


def test_a_link_is_no_way_around(shared, tmp_path):
    (tmp_path / "link").symlink_to(shared)
    with pytest.raises(UserError, match="belongs to the project"):
        ownership.check(tmp_path / "link")


def test_a_folder_inside_the_first_project_is_refused_to_the_second(tmp_path, monkeypatch):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "first")
    ownership.claim("results")
    monkeypatch.chdir(tmp_path / "second")
    with pytest.raises(UserError, match="belongs to the project"):
        ownership.check(tmp_path / "first" / "results")


def test_the_project_itself_comes_back_without_a_new_mark(shared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "first")
    os.utime(shared / layout.OWNER, (1, 1))
    ownership.claim(shared)
    assert (shared / layout.OWNER).stat().st_mtime == 1


def test_it_is_adopted_where_the_owner_is_gone_or_was_renamed(shared, tmp_path, monkeypatch):
    (tmp_path / "first").rename(tmp_path / "renamed")
    monkeypatch.chdir(tmp_path / "renamed")
    ownership.claim(shared)
    monkeypatch.chdir(tmp_path / "second")
    with pytest.raises(UserError, match="renamed"):
        ownership.check(shared)


def test_a_copied_project_owns_its_copy(tmp_path, monkeypatch):
    (tmp_path / "first").mkdir()
    monkeypatch.chdir(tmp_path / "first")
    ownership.claim("results")
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    ownership.claim("results")
    assert str(tmp_path / "copy") in owner_of(tmp_path / "copy" / "results")
    monkeypatch.chdir(tmp_path / "first")
    ownership.claim("results")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"project": 3}', '{"project": "", "results"'])
def test_a_damaged_mark_is_made_again(shared, damage):
    (shared / layout.OWNER).write_text(damage)
    ownership.claim(shared)
    assert "second" in owner_of(shared)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/results.*cannot be written"):
        ownership.claim("file/results")
