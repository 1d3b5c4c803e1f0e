"""Every hostile model file through the real import program, as the workflow starts it.

Twice: as for users, and with nothing confined, where the readers' own care has to do.
"""

import hashlib
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

import keras_files
import other_files
import pytest
from hostile_file import HostileFile

from lucid_sprites.config import catalogues
from lucid_sprites.errors import UserError
from lucid_sprites.files import GRAPH, check_input
from lucid_sprites.models import confinement

HOSTILE = [*keras_files.HOSTILE, *other_files.HOSTILE]
# No file may keep its reader for longer.
_SECONDS = 30

Listing = dict[str, tuple[int, int, str]]


@dataclass(frozen=True)
class Tried:
    """A file that was given to the program.

    Attributes:
        path: of the model.
        results: folder of what the import writes.
        canary: what the file attacks.
    """

    path: Path
    results: Path
    canary: Path

    @property
    def is_imported(self) -> bool:
        return (self.results / "layers.json").exists()


@dataclass(frozen=True)
class Imports:
    """One run of the program on all files.

    Attributes:
        tried: by the file's name.
        message: what it said.
        before, after: all that lies in and beside the project but results.
        secret: what every canary holds.
    """

    tried: dict[str, Tried]
    message: str
    before: Listing
    after: Listing
    secret: bytes

    def lines(self, tried: Tried) -> list[str]:
        return [line for line in self.message.splitlines() if str(tried.path) in line]


def listing(folder: Path) -> Listing:
    """Mode, time and content of all below a folder but results."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if "results" in path.relative_to(folder).parts:
            continue
        status = path.lstat()
        is_file = stat.S_ISREG(status.st_mode) and status.st_size < 10**8
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if is_file else ""
        found[str(path)] = (status.st_mode, status.st_mtime_ns, digest)
    return found


def prepare(hostile: HostileFile, project: Path, secret: bytes) -> Tried:
    """Write a file into a folder of its own, and its canary elsewhere."""
    name = re.sub(r"\W+", "_", hostile.name)
    folder, canary = project / "graphs" / name, project.parent / "canaries" / name
    folder.mkdir(parents=True)
    canary.parent.mkdir(exist_ok=True)
    canary.write_bytes(secret)
    return Tried(hostile.write(folder, canary), project / "results" / name, canary)


def job(tried: Tried) -> dict[str, object]:
    graph, catalogue = tried.results / "model.pb", tried.results / "layers.json"
    origin = {"file": str(tried.path)}
    paths = {"graph": str(graph), "catalogue": str(catalogue)}
    return {"origin": origin, "input": {}, "edges": [68], **paths}


def read_files(path: Path) -> tuple[str, ...]:
    """The files that a model is read from, as far as they are let through to the program."""
    return tuple(str(each) for each in [path, *path.rglob("*")] if _is_ordinary(each))


def _is_ordinary(path: Path) -> bool:
    try:
        check_input(path, GRAPH)
    except UserError:
        return False
    return True


@pytest.fixture(scope="module", params=["on", "off"])
def imports(request, tmp_path_factory) -> Imports:
    folder = tmp_path_factory.mktemp("hostile")
    project, secret = folder / "project", secrets.token_hex(32).encode()
    tried = {hostile.name: prepare(hostile, project, secret) for hostile in HOSTILE}
    before = listing(folder)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(UserError) as caught:
        patch.chdir(project)
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv(confinement.SANDBOX, request.param)
        patch.setenv(confinement.MINUTES, str(_SECONDS / 60))
        files = [read_files(each.path) for each in tried.values()]
        catalogues.catalogues([job(each) for each in tried.values()], files)
    after = {path: state for path, state in listing(folder).items() if "/home" not in path}
    return Imports(tried, str(caught.value), before, after, secret)


def test_there_are_many():
    assert len(HOSTILE) >= 60
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_file_does_no_harm(imports, hostile):
    tried = imports.tried[hostile.name]
    assert tried.canary.read_bytes() == imports.secret
    written = [path.read_bytes() for path in tried.results.rglob("*") if path.is_file()]
    assert not any(imports.secret in content for content in written)
    if tried.is_imported:
        assert hostile.harmless
        assert imports.lines(tried) == []
        return
    (line,) = imports.lines(tried)
    assert re.search(hostile.says, line), line


def test_nothing_changes_outside_of_the_results(imports):
    assert imports.after == imports.before


def test_every_line_names_a_file_and_none_is_a_traceback(imports):
    paths = [str(each.path) for each in imports.tried.values()]
    assert [x for x in imports.message.splitlines() if not any(path in x for path in paths)] == []
    assert "Traceback" not in imports.message
    assert imports.secret.decode() not in imports.message


def test_only_what_an_import_makes_is_left(imports):
    for tried in imports.tried.values():
        left = {path.name for path in tried.results.rglob("*")}
        assert left in (set(), {"model.pb", "layers.json"})
        assert all(os.access(path, os.R_OK) for path in tried.results.rglob("*"))
