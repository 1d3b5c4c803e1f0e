"""The real import program, as the workflow starts it, on good files and on those that attack it."""

import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.models import confinement
from lucid_sprites.planning import catalogues
from lucid_sprites.sandbox import landlock
from tiny_graphs import save, small

needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this system has no Landlock")

# What custom code of a model tries, and what comes of it.
ATTACKS = {
    "writes": ("open({outside!r}, 'w').write('x')", r"PermissionError|Permission denied"),
    "connects": ("import socket; socket.create_connection({server!r})", "Operation not permitted"),
    "starts": ("import subprocess; subprocess.run(['true'], check=True)", "not permitted"),
    "allocates": (
        "bytearray(10**10)",
        r"more than the 2\.0 GB of memory .* LUCID_SPRITES_IMPORT_GB",
    ),
    "loops": (
        "while True: pass",
        r"longer than 0\.2 minutes .* LUCID_SPRITES_IMPORT_MINUTES",
    ),
    "crashes": ("import ctypes; ctypes.string_at(0)", r"crashed \(SIGSEGV\)"),
    "aborts": ("import os; os.abort()", r"crashed \(SIGABRT\)"),
    "is killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was killed when"),
    "leaves": ("import os; os._exit(0)", "ended without a word"),
}


@dataclass
class Imports:
    """What one run of the program did.

    Attributes:
        message: of all models that could not be imported.
    """

    folder: Path
    message: str

    def line(self, file: str) -> str:
        """The one line that begins with a file's name."""
        (line,) = (each for each in self.message.splitlines() if f"/{file}: " in each)
        assert line.startswith(f"{self.folder}/")
        return line

    def is_imported(self, name: str) -> bool:
        return (self.folder / "results" / name / "layers.json").exists()


def job(folder: Path, file: Path, **origin: Any) -> dict[str, Any]:
    results = folder / "results" / file.stem
    return {
        "origin": {"file": str(file), **origin},
        "input": {},
        "edges": [68],
        "stamp": {},
        "graph": str(results / "model.pb"),
        "catalogue": str(results / "layers.json"),
    }


def attack(folder: Path, name: str, server: tuple[str, int]) -> dict[str, Any]:
    """The job of a Keras model whose custom code attacks."""
    code = folder / f"{name}.py"
    code.write_text(ATTACKS[name][0].format(outside=str(folder / "outside"), server=server))
    model = folder / f"{name}.h5"
    model.symlink_to("network.h5")
    return job(folder, model, code=str(code))


@pytest.fixture(scope="module")
def imports(tmp_path_factory) -> Imports:
    """Two whole models among nine that attack and one that is damaged."""
    folder = tmp_path_factory.mktemp("imports")
    first, last = save(small(), folder / "first.pb"), save(small(seed=1), folder / "last.pb")
    (folder / "torn.pb").write_bytes(first.read_bytes()[:-100])
    convolution = keras.layers.Conv2D(4, 3, name="conv")
    keras.Sequential([keras.Input((32, 32, 3)), convolution]).save(folder / "network.h5")
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(confinement.MEMORY, "2")
        patch.setenv(confinement.MINUTES, "0.2")
        jobs = [job(folder, first), job(folder, folder / "torn.pb")]
        jobs += [attack(folder, name, server.getsockname()) for name in ATTACKS]
        jobs += [job(folder, last), job(folder, folder / "network.h5")]
        with pytest.raises(UserError) as caught:
            catalogues.catalogues(jobs)
    return Imports(folder, str(caught.value))


def test_every_model_in_error_has_its_line_and_no_other(imports):
    lines = imports.message.splitlines()
    assert len(lines) == len(ATTACKS) + 1
    assert "truncated" in imports.line("torn.pb")
    assert "Traceback" not in imports.message


@pytest.mark.parametrize("name", ["first", "last", "network"])
def test_models_beside_them_are_imported(imports, name):
    assert imports.is_imported(name)
    assert f"/{name}." not in imports.message


@needs_landlock
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_stopped_and_named(imports, name):
    assert not imports.is_imported(name)
    assert re.search(ATTACKS[name][1], imports.line(f"{name}.h5"))
    assert not (imports.folder / "outside").exists()


def test_nothing_is_left_of_the_folders_of_children(imports):
    found = [path.name for path in (imports.folder / "results").rglob("*") if path.is_file()]
    assert sorted(found) == ["layers.json", "layers.json", "layers.json"] + ["model.pb"] * 3


def run(jobs: list[dict[str, Any]], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "lucid_sprites.models.import_model", json.dumps(jobs)],
        env={**os.environ, "PYTHONPATH": str(Path(catalogues.__file__).parents[2]), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_log_says_what_an_import_took(tmp_path):
    done = run([job(tmp_path, save(small(), tmp_path / "net.pb"))])
    assert done.returncode == 0, done.stderr
    seconds, megabytes = done.stderr.split("net.pb: ")[1].split(" s, ")
    assert 0 < float(seconds) < 60
    assert 50 < float(megabytes.removesuffix(" MB at most\n")) < 4000


@pytest.mark.parametrize("value", ["much", "-1", "0", "nan", "inf"])
def test_a_limit_that_is_no_number_is_refused(monkeypatch, value):
    monkeypatch.setenv(confinement.MEMORY, value)
    with pytest.raises(UserError, match=rf"LUCID_SPRITES_IMPORT_GB: '{value}' is no positive"):
        confinement.limits({"file": __file__})


def test_memory_grows_with_the_file_and_what_lies_in_its_folder(tmp_path):
    (tmp_path / "variables").mkdir()
    with (tmp_path / "variables/variables.data").open("wb") as file:
        file.truncate(10**9)
    base = confinement.limits({"file": __file__}).memory
    memory = confinement.limits({"file": str(tmp_path)}).memory
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory - base == pytest.approx(min(12 * 10**9, physical - base), rel=1e-3)


def test_without_the_sandbox_limits_stay(tmp_path, monkeypatch):
    save(small(), tmp_path / "net.pb")
    monkeypatch.setenv(confinement.SANDBOX, "off")
    assert confinement.limits({"file": str(tmp_path / "net.pb")}).seconds == pytest.approx(
        600, 0.01
    )
    done = run([job(tmp_path, tmp_path / "net.pb")])
    assert done.returncode == 0, done.stderr
