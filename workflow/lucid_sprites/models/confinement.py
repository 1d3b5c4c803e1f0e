"""What the import of a stranger's model file may do and take.

It may read Python, its packages and the model, and write one folder; no network, no other programs.
Who trusts a file by `trust: true` gives it all rights of the user; limits hold for every import.
"""

import glob
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from lucid_sprites.errors import UserError
from lucid_sprites.planning.import_jobs import Origin
from lucid_sprites.sandbox import landlock, seccomp
from lucid_sprites.sandbox.limits import Limits

MEMORY, MINUTES, SANDBOX = (
    "LUCID_SPRITES_IMPORT_GB",
    "LUCID_SPRITES_IMPORT_MINUTES",
    "LUCID_SPRITES_SANDBOX",
)
"""Environment variables: a limit of memory, one of time, and `off` for no confinement."""

_GIGABYTE = 10**9
# Beyond what sound models were seen to take (docs/measurements.md).
_BASE_GIGABYTES, _TIMES_THE_FILE = 4, 12
# The largest network of keras.applications has weights of 1.4 GB, and is built from no file.
_BYTES_OF_A_NETWORK = 2 * _GIGABYTE
_MINUTES, _MINUTES_PER_GIGABYTE = 10, 10
# Of a graph: protobuf ends there.
_LARGEST_GRAPH = 2**31

# Models that may have their weights in other files of their folder.
_WITH_FILES_BESIDE = ".onnx"

# Packages whose modules and libraries may be links to a cache elsewhere.
_PACKAGES = ("tensorflow", "keras", "tf_keras", "h5py", "numpy", "scipy", "ml_dtypes")
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/nix", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system",
    "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip


def limits(origin: Origin) -> Limits:
    """The limits of an import; the environment may set others.

    Raises:
        UserError: a limit in the environment is no positive number.
    """
    size = _size(origin)
    wanted = _BASE_GIGABYTES + _TIMES_THE_FILE * size / _GIGABYTE
    memory = _number(MEMORY, min(wanted, _physical() / _GIGABYTE))
    minutes = _number(MINUTES, _MINUTES + _MINUTES_PER_GIGABYTE * size / _GIGABYTE)
    return Limits(int(memory * _GIGABYTE), minutes * 60, _LARGEST_GRAPH + 2 * size)


def confine(origin: Origin, folder: Path) -> None:
    """Give up what the import of a model does not need, as far as this system knows how.

    Args:
        origin: see `models.loaders.load_model`.
        folder: the only one to be written.
    """
    if not _is_strange(origin) or os.environ.get(SANDBOX) == "off":
        return
    readable = [Path("/")] if "code" in origin else [*_python(), *_model(origin)]
    try:
        landlock.restrict(readable, [folder, Path(os.devnull)])
    except OSError as error:
        print(f"this system confines no files (Landlock: {error.strerror})", file=sys.stderr)
    try:
        seccomp.restrict()
    except OSError as error:
        print(f"this system confines no calls (seccomp: {error.strerror})", file=sys.stderr)


def _is_strange(origin: Origin) -> bool:
    """Whether a file decides what happens; Keras' own weights have to be downloaded."""
    return not origin.get("trust") and origin.get("weights") != "imagenet"


def _python() -> Iterator[Path]:
    """Where Python, packages and libraries are."""
    yield from map(Path, _SYSTEM)
    yield Path(os.environ.get("KERAS_HOME", "~/.keras"), "keras.json").expanduser()
    yield from map(Path, {sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(None, sys.path)})
    yield from map(Path, filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)))
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name) if sys.modules.get(name, "") is not None else None
        if spec and spec.origin:
            yield Path(spec.origin).resolve().parent


def _model(origin: Origin) -> Iterator[Path]:
    """The files that a model is read from; in its folder, also what links lead to."""
    for name in (origin.get("file"), origin.get("weights"), origin.get("labels")):
        if name:
            yield Path(name)
            yield from Path(name).glob("saved_model.pb*")
            yield from Path(name).glob("variables/variables.*")
            if name.endswith(_WITH_FILES_BESIDE):
                yield Path(name).resolve().parent


def _size(origin: Origin) -> int:
    if "file" not in origin:
        return _BYTES_OF_A_NETWORK
    path = Path(origin["file"])
    # Weights of their own lie beside some files, under the same name and more.
    entries = path.rglob("*") if path.is_dir() else path.parent.glob(f"{glob.escape(path.name)}*")
    files = [entry for entry in entries if entry.is_file()]
    return sum(file.stat().st_size for file in files)


def _physical() -> int:
    """Bytes of memory that the machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _number(variable: str, default: float) -> float:
    text = os.environ.get(variable)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UserError(f"environment variable {variable}: {text!r} is no positive number")
    return value
