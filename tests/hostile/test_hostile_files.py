"""Every hostile model file through the real import program, as the workflow starts it.

Twice: as for users, and with nothing confined, where the readers' own care has to do.
"""

import hashlib
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

import graph_files
import keras_files
import onnx_files
import other_files
import pytest
import saved_models
from hostile_file import HostileFile

from lucid_sprites.errors import UserError
from lucid_sprites.models import confinement
from lucid_sprites.planning import catalogues

HOSTILE = [
    *keras_files.HOSTILE,
    *graph_files.HOSTILE,
    *saved_models.HOSTILE,
    *onnx_files.HOSTILE,
    *other_files.HOSTILE,
]
# No file may keep its reader for longer.
_SECONDS = 30

Listing = dict[str, tuple[int, int, str]]


@dataclass(frozen=True)
class Tried:
    """A file that is given to the program.

    Attributes:
        name: of its folder.
        path: of the model.
        canary: what the file attacks.
    """

    name: str
    path: Path
    canary: Path


@dataclass(frozen=True)
class Project:
    """All the files.

    Attributes:
        folder: with the project in it, and beside it the canaries.
        tried: by the file's name.
        secret: what every canary holds, again and again.
    """

    folder: Path
    tried: dict[str, Tried]
    secret: bytes


@dataclass(frozen=True)
class Imports:
    """One run of the program on all files.

    Attributes:
        results: folder that it may write.
        message: what it said.
        before, after: all that lies in and beside the project but results.
    """

    results: Path
    message: str
    before: Listing
    after: Listing

    def is_imported(self, tried: Tried) -> bool:
        return (self.results / tried.name / "layers.json").exists()

    def written(self, tried: Tried) -> list[Path]:
        return list((self.results / tried.name).rglob("*"))

    def lines(self, tried: Tried) -> list[str]:
        return [line for line in self.message.splitlines() if str(tried.path) in line]


def listing(folder: Path) -> Listing:
    """Mode, time and content of all below a folder but results and what Keras keeps at home."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if {"results", "home"} & set(path.relative_to(folder).parts):
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
    canary.write_bytes(secret * 7)  # longer than a kernel that is read from it
    return Tried(name, hostile.write(folder, canary), canary)


def job(tried: Tried, results: Path) -> dict[str, object]:
    graph, catalogue = (results / tried.name / name for name in ("model.pb", "layers.json"))
    origin = {"file": str(tried.path)}
    paths = {"graph": str(graph), "catalogue": str(catalogue)}
    return {"origin": origin, "input": {}, "edges": [68], "stamp": {}, **paths}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    folder, secret = tmp_path_factory.mktemp("hostile"), secrets.token_hex(32).encode()
    tried = {each.name: prepare(each, folder / "project", secret) for each in HOSTILE}
    return Project(folder, tried, secret)


def imported(project: Project, sandbox: str) -> Imports:
    """Give all files to the program at once, as a start of the workflow does."""
    folder, tried = project.folder, project.tried.values()
    results = folder / "project/results" / sandbox
    results.mkdir(parents=True)
    before = listing(folder)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(UserError) as caught:
        patch.chdir(folder / "project")
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv(confinement.SANDBOX, sandbox)
        patch.setenv(confinement.MINUTES, str(_SECONDS / 60))
        catalogues.catalogues([job(each, results) for each in tried])
    return Imports(results, str(caught.value), before, listing(folder))


def harm(project: Project, imports: Imports, hostile: HostileFile) -> str:
    """What a file did that it should not have done, or what is not said of it; empty: nothing."""
    tried = project.tried[hostile.name]
    if project.secret not in tried.canary.read_bytes():
        return "wrote elsewhere"
    written = [path for path in imports.written(tried) if path.is_file()]
    if any(project.secret in path.read_bytes() for path in written):
        return "read a file"
    lines = imports.lines(tried)
    if imports.is_imported(tried):
        return "" if hostile.harmless and not lines else f"was imported: {lines}"
    if {path.name for path in written}:
        return f"left {written}"
    return "" if len(lines) == 1 and re.search(hostile.says, lines[0]) else f"is said: {lines}"


def test_there_are_many():
    assert len(HOSTILE) >= 60
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("sandbox", ["on", "off"])
def test_hostile_files_do_no_harm(project, sandbox):
    imports = imported(project, sandbox)
    harms = {hostile.name: harm(project, imports, hostile) for hostile in HOSTILE}
    assert {name: what for name, what in harms.items() if what} == {}
    assert imports.after == imports.before
    paths = [str(each.path) for each in project.tried.values()]
    assert [x for x in imports.message.splitlines() if not any(path in x for path in paths)] == []
    assert "Traceback" not in imports.message
    assert project.secret.decode() not in imports.message
    made = {path.name for path in imports.results.glob("*/*")}
    assert made == {"model.pb", "layers.json"}
