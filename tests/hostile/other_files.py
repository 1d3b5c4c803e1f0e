"""Hostile files that are no models at all, or that lead elsewhere, by the names of models."""

import gzip
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

from hostile_file import HostileFile

from lucid_sprites.files import GRAPH, MODEL
from tiny_graphs import save, small

_SAVED = "saved_model.pb"


class _Runs:
    """What a pickle runs when it is read."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.write_text, (self.canary, "run")


def _bytes(name: str, content: Callable[[Path], bytes]) -> Callable[[Path, Path], Path]:
    """Writes a file of some content, which may hold the canary's path."""

    def write(folder: Path, canary: Path) -> Path:
        (folder / name).write_bytes(content(canary))
        return folder / name

    return write


def _link(name: str, target: str | None = None) -> Callable[[Path, Path], Path]:
    """Writes a link, to the canary if to nothing else."""

    def write(folder: Path, canary: Path) -> Path:
        (folder / name).symlink_to(target or canary)
        return folder / name

    return write


def _pipe(name: str) -> Callable[[Path, Path], Path]:
    def write(folder: Path, canary: Path) -> Path:
        os.mkfifo(folder / name)
        return folder / name

    return write


def _sparse(name: str, size: int) -> Callable[[Path, Path], Path]:
    def write(folder: Path, canary: Path) -> Path:
        with (folder / name).open("wb") as file:
            file.truncate(size)
        return folder / name

    return write


def _folder(name: str, fill: Callable[[Path, Path], object]) -> Callable[[Path, Path], Path]:
    """Writes a folder with a `saved_model.pb` that is a plain graph, unless `fill` makes one."""

    def write(folder: Path, canary: Path) -> Path:
        inside = folder / name
        (inside / "variables").mkdir(parents=True)
        fill(inside, canary)
        if not os.path.lexists(inside / _SAVED):
            save(small(), inside / _SAVED)
        return inside

    return write


def _pickle(canary: Path) -> bytes:
    return pickle.dumps(_Runs(canary))


def _script(canary: Path) -> bytes:
    return f"#!/usr/bin/env python\nopen({str(canary)!r}, 'w').write('run')\n".encode()


def _archive_with_paths(folder: Path, canary: Path) -> Path:
    with zipfile.ZipFile(folder / "slip.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr(f"../../../{canary.name}", "written")
        archive.writestr(str(canary), "written")
    return folder / "slip.keras"


def _archive_with_link(folder: Path, canary: Path) -> Path:
    link = zipfile.ZipInfo("model.weights.h5")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "linked.keras", "w") as archive:
        archive.writestr("config.json", "[]")
        archive.writestr(link, str(canary))
    return folder / "linked.keras"


HOSTILE = [
    HostileFile("pickle as graph", _bytes("m.pb", _pickle), "pickle, which is never loaded"),
    HostileFile("pickle as text graph", _bytes("m.pbtxt", _pickle), "pickle|not a"),
    HostileFile("pickle as HDF5", _bytes("m.h5", _pickle), "neither a Keras archive nor"),
    HostileFile("pickle as archive", _bytes("m.keras", _pickle), "neither a Keras archive nor"),
    HostileFile("script as graph", _bytes("m.pb", _script), "not a frozen"),
    HostileFile("script as HDF5", _bytes("m.hdf5", _script), "neither a Keras archive nor"),
    HostileFile(
        "gzip of zeros as graph",
        _bytes("m.pb", lambda _: gzip.compress(bytes(10**8))),
        "not a frozen",
    ),
    HostileFile("archive that leaves its folder", _archive_with_paths, "Keras|config"),
    HostileFile("archive that holds a link", _archive_with_link, "file signature not found"),
    HostileFile("link to a secret as graph", _link("m.pb"), "not a frozen|truncated"),
    HostileFile("link to a secret as text graph", _link("m.pbtxt"), "not a"),
    HostileFile("link to a secret as HDF5", _link("m.h5"), "neither a Keras archive nor"),
    HostileFile("endless device as graph", _link("m.pb", "/dev/zero"), "is a device"),
    HostileFile("endless device as archive", _link("m.keras", "/dev/urandom"), "is a device"),
    HostileFile("memory of the reader", _link("m.h5", "/proc/self/mem"), "made up by the system"),
    HostileFile("circle of links", _link("m.pb", "m.pb"), "cannot be read: Too many levels"),
    HostileFile("pipe as graph", _pipe("m.pb"), "is a named pipe"),
    HostileFile("pipe as HDF5", _pipe("m.h5"), "is a named pipe"),
    HostileFile("more than any graph", _sparse("m.pb", GRAPH.largest + 1), "has at most"),
    HostileFile("more than any model", _sparse("m.h5", MODEL.largest + 1), "has at most"),
    HostileFile("zeros as graph", _sparse("m.pb", 10**9), "not a frozen"),
    HostileFile(
        "SavedModel that is a device",
        _folder("m", lambda folder, _: (folder / _SAVED).symlink_to("/dev/zero")),
        "saved_model.pb: is a device",
    ),
    HostileFile(
        "SavedModel that is a secret",
        _folder("m", lambda folder, canary: (folder / _SAVED).symlink_to(canary)),
        "SavedModel|saved_model",
    ),
    HostileFile(
        "SavedModel that is a pickle",
        _folder("m", lambda folder, canary: (folder / _SAVED).write_bytes(_pickle(canary))),
        "SavedModel|saved_model",
    ),
    HostileFile(
        "SavedModel with a pipe for its variables",
        _folder("m", lambda folder, _: os.mkfifo(folder / "variables/variables.index")),
        "variables.index: is a named pipe",
    ),
    HostileFile(
        "SavedModel with a device for its variables",
        _folder(
            "m",
            lambda folder, _: (folder / "variables/variables.data-00000-of-00001").symlink_to(
                "/dev/zero"
            ),
        ),
        "is a device",
    ),
    HostileFile(
        "SavedModel with a secret for its variables",
        _folder(
            "m",
            lambda folder, canary: (folder / "variables/variables.index").symlink_to(canary),
        ),
        "SavedModel|saved_model",
    ),
]
