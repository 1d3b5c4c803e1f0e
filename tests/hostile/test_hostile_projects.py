"""What strangers' projects can name: devices, pipes, bombs. Refused before anything is read."""

import contextlib
import os
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lucid_sprites import photos
from lucid_sprites.config.yaml_file import read_config
from lucid_sprites.engine import photo_inputs as objective_photos
from lucid_sprites.errors import UserError
from lucid_sprites.planning import images
from lucid_sprites.planning.load import load
from lucid_sprites.planning.study_selection import plan_studies
from lucid_sprites.planning.training import trainings
from lucid_sprites.training.attributes import read_attributes
from lucid_sprites.training.dataset import open_dataset
from lucid_sprites.training.square_photos import read_square
from lucid_sprites.viewer import table
from tiny_graphs import save, small
from workflow_project import Project

SERIES = "series: {tiny: {layers: ['*']}}\n"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as own, contextlib.chdir(path.parent):
        own.bind(path.name)


def to(target: str) -> Callable[[Path], None]:
    """Makes a link."""
    return lambda path: path.symlink_to(target)


def sparse(size: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return write


SPECIAL = {
    "pipe": (pipe, "is a named pipe"),
    "socket": (unix_socket, "is a socket"),
    "zero": (to("/dev/zero"), "is a device"),
    "memory of a process": (to("/proc/self/mem"), "is made up by the system"),
    "messages of the system": (to("/proc/kmsg"), "is made up by the system"),
    "a terabyte of nothing": (sparse(10**12), "has 1,000,000 MB; .* has at most"),
}


@dataclass(frozen=True)
class Place:
    """Where a project names a file.

    Attributes:
        file: in the project's folder.
        config: that names it, above the series.
    """

    file: str
    config: str = SERIES


PLACES = {
    "review": Place("graphs/tiny/review.yaml"),
    "config": Place("config.yaml", ""),
    "model in the folder": Place("graphs/tiny/other.pb"),
    "Keras model in the folder": Place("graphs/tiny/other.h5"),
    "named model": Place(
        "m.pb", "series: {tiny: {instances: [{instance: x, file: m.pb}], layers: ['*']}}\n"
    ),
    "code": Place(
        "layers.py",
        "series: {tiny: {instances: [{instance: net, code: layers.py}], layers: ['*']}}\n",
    ),
    "weights of an application": Place(
        "w.h5",
        "series: {tiny: {instances: [{instance: x, keras_application: VGG16, weights: w.h5}],"
        " layers: ['*']}}\n",
    ),
    "start": Place("start.png", f"defaults: {{start: start.png}}\n{SERIES}"),
    "start of an index": Place(
        "start.png",
        "series: {tiny: {layers: [{layer: 'conv1/Relu', index: {1: {start: start.png}}}]}}\n",
    ),
    "photo of a study": Place(
        "photo.png",
        f"studies: {{s: {{objectives: ['input_diff(photo(\"photo.png\"))']}}}}\n{SERIES}",
    ),
    "names of classes": Place("names.txt", f"defaults: {{labels: names.txt}}\n{SERIES}"),
    "picture": Place("photo.png", f"images: [{{pictures: photo.png, layers: ['*']}}]\n{SERIES}"),
    "table of labels": Place(
        "labels.csv",
        "series: {tiny: {training: {topology: small, dataset: {folder: graphs,"
        " attributes: labels.csv}, epochs: 1}, layers: ['*']}}\n",
    ),
    "weights of a training": Place(
        "w.h5",
        "series: {tiny: {training: {topology: small, dataset: generated, weights: w.h5,"
        " epochs: 1}, layers: ['*']}}\n",
    ),
}


def whole_plan() -> None:
    """All that the Snakefile reads before a job runs."""
    config = read_config("config.yaml")
    plan = load(config, "config.yaml")
    images.load(config, "config.yaml", plan)
    plan_studies(config, plan, "config.yaml")
    trainings(plan.series, plan.results, "config.yaml")


@pytest.fixture(scope="module")
def known(tmp_path_factory) -> Path:
    """A project whose one model is imported, so that no test has to do it."""
    folder = tmp_path_factory.mktemp("known")
    save(small(), folder / "graphs/tiny/net.pb")
    (folder / "config.yaml").write_text(SERIES)
    with contextlib.chdir(folder):
        whole_plan()
    return folder


@pytest.fixture
def project(known, tmp_path) -> Path:
    return Project(known).copy(tmp_path / "project").folder


@pytest.mark.parametrize("special", ["pipe", "zero", "a terabyte of nothing"])
@pytest.mark.parametrize("place", PLACES)
def test_what_never_ends_is_refused_wherever_it_is_named(project, monkeypatch, place, special):
    monkeypatch.chdir(project)
    make, message = SPECIAL[special]
    path = project / PLACES[place].file
    (project / "config.yaml").write_text(PLACES[place].config)
    path.unlink(missing_ok=True)
    make(path)
    with pytest.raises(UserError, match=rf"{PLACES[place].file}: {message}"):
        whole_plan()


@pytest.mark.parametrize("special", ["socket", "memory of a process", "messages of the system"])
@pytest.mark.parametrize(
    "read",
    [
        photos.read,
        lambda path: objective_photos.read({"file": str(path)}, 8, 8, 3),
        lambda path: read_square(path, 8),
        read_attributes,
        table.read,
    ],
    ids=["picture", "photo", "square", "attributes", "table"],
)
def test_jobs_refuse_it_too(tmp_path, read, special):
    make, message = SPECIAL[special]
    make(tmp_path / "file")
    with pytest.raises(UserError, match=rf"/file: {message}"):
        read(tmp_path / "file")


def test_snakemake_does_not_hang_on_a_review_of_a_stranger(project):
    (project / "graphs/tiny/review.yaml").write_text(
        "series: tiny\nredo: [{layer: conv1/Relu, index: 1, start: /dev/zero}]\n"
    )
    done = Project(project).run("--dry-run")
    assert done.code != 0
    assert "/dev/zero: is a device; name an ordinary file that holds a picture" in done.text
    assert "graphs/tiny/review.yaml" in done.text
    assert "Traceback" not in done.text


def png_bomb(path: Path) -> None:
    """A PNG that declares 4 thousand million pixels, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sum_ = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", sum_)

    header = struct.pack(">IIBBBBB", 65_000, 65_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(10**6))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "read",
    [
        photos.read,
        lambda path: objective_photos.read({"file": str(path)}, 8, 8, 3),
        lambda path: read_square(path, 8),
    ],
    ids=["picture", "photo", "square"],
)
def test_a_bomb_of_pixels_is_refused(tmp_path, read):
    png_bomb(tmp_path / "bomb.png")
    with pytest.raises(UserError, match="pixels"):
        read(tmp_path / "bomb.png")


class _Runs:
    """What a pickle runs when it is read."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.write_text, (self.canary, "run")


SPEC = {"batch_size": 2, "seed": 0, "augmentation": {}, "input_size": 8}


def test_no_pickle_in_a_dataset_is_run(tmp_path):
    canary = tmp_path / "canary"
    pickled = np.array([_Runs(canary)], dtype=object)
    np.savez(tmp_path / "dataset.npz", pictures=pickled, targets=pickled)
    assert not canary.exists()
    with pytest.raises(UserError, match=r"dataset\.npz: cannot be read"):
        open_dataset(SPEC, str(tmp_path / "dataset.npz"))
    assert not canary.exists()


def test_a_dataset_that_is_no_archive_of_arrays_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "dataset.npz", "w") as archive:
        archive.writestr("../pictures.npy", b"x")
    with pytest.raises(UserError, match=r"dataset\.npz: cannot be read"):
        open_dataset(SPEC, str(tmp_path / "dataset.npz"))


def doubled(times: int) -> str:
    """Aliases of aliases: every line stands for twice as much as that before."""
    lines = ["x0: &x0 [1, 1]", *(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]" for n in range(1, times))]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (doubled(40), "holds more than 1000000 values"),
        ("a: &a [*a]", "nested deeper than 100"),
        ("[" * 5000, "nested deeper|not YAML"),
        ("!!python/object/apply:os.system ['touch canary']", "not YAML"),
        ("a: !!python/name:os.system", "not YAML"),
    ],
    ids=["doubled", "circle", "deep", "calls", "names"],
)
@pytest.mark.parametrize("file", ["config.yaml", "graphs/tiny/review.yaml"])
def test_text_that_explodes_or_calls_is_refused(project, monkeypatch, file, text, message):
    monkeypatch.chdir(project)
    Path(file).write_text(text)
    with pytest.raises(UserError, match=rf"{file}: .*({message})"):
        whole_plan()
    assert not Path("canary").exists()
