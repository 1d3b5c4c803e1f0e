"""Files that are whole or absent."""

import contextlib
import glob
import hashlib
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lucid_sprites.errors import UserError

_SECONDS_OF_WRITING = 3600

Value = TypeVar("Value")


@dataclass(frozen=True)
class InputKind:
    """What a file that people name is for.

    Attributes:
        name: for messages.
        largest: bytes that it may have.
    """

    name: str
    largest: int


TEXT = InputKind("a text", 2**24)
TABLE = InputKind("a table", 2**30)
PICTURE = InputKind("a picture", 2**30)
GRAPH = InputKind("a graph", 2**32)
MODEL = InputKind("a model or its weights", 2**34)

# What a path can lead to that never ends, or that waits for somebody.
_ENDLESS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)
_MADE_UP = ("/proc/", "/sys/")


def check_input(path: str | os.PathLike[str], kind: InputKind, where: str = "") -> None:
    """Make sure that a file that people name can be read to its end; links are followed.

    Args:
        where: it is named, for messages.

    Raises:
        UserError: it is not there, no ordinary file, or larger than any of its kind.
    """
    label = f"{where}: {path}" if where else path
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{label}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error
    what = next((name for is_one, name in _ENDLESS if is_one(status.st_mode)), None)
    if os.path.realpath(path).startswith(_MADE_UP):
        what = what or "made up by the system"
    if what:
        raise UserError(f"{label}: is {what}; name an ordinary file that holds {kind.name}")
    if status.st_size > kind.largest:
        raise UserError(
            f"{label}: has {status.st_size / 1e6:,.0f} MB; {kind.name} has at most "
            f"{kind.largest / 1e6:,.0f}"
        )


def write_whole(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write `content` beside `path`, then rename it into place."""
    data = content.encode() if isinstance(content, str) else content
    save_whole(path, lambda temporary: Path(temporary).write_bytes(data))


def write_if_changed(path: str | os.PathLike[str], content: bytes) -> None:
    """`write_whole`, but a file that holds just that stays as old as it is."""
    try:
        same = Path(path).read_bytes() == content
    except OSError:
        same = False
    if not same:
        write_whole(path, content)


def save_whole(path: str | os.PathLike[str], save: Callable[[str], object]) -> None:
    """Let `save` write a temporary file beside `path`, then rename it into place.

    Raises:
        UserError: the folder cannot be written, or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(path)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        save(temporary)
        _flush(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _clear_leftovers(path: Path) -> None:
    """Remove what killed programs have left of `path`; a younger one may be at work on its own."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*"):
        with contextlib.suppress(OSError):
            if is_abandoned(leftover.stat()):
                leftover.unlink()


def is_abandoned(status: os.stat_result) -> bool:
    """Whether a temporary file or folder is so old that nobody can be writing it."""
    return status.st_mtime < time.time() - _SECONDS_OF_WRITING


def name_of_leftover(name: str) -> str | None:
    """The name of the file that `save_whole` meant to write under a temporary one, if it is one."""
    match = re.fullmatch(r"\.(.+)\.[a-z0-9_]{8}", name)
    return match and match[1]


def delete(path: str | os.PathLike[str]) -> None:
    """Remove a damaged file, if that can be done, so that the next run makes it again."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def read_made(
    path: str | os.PathLike[str], use: Callable[[Any], Value], is_remade: bool = True
) -> Value:
    """What a JSON file that the workflow has written says.

    Args:
        use: takes what it needs of the content; whatever it raises means damage.
        is_remade: a damaged file is deleted, so that it is made again.

    Raises:
        UserError: it cannot be read, or is damaged.
    """
    try:
        return use(json.loads(Path(path).read_text()))
    except (FileNotFoundError, PermissionError) as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # a torn or foreign file can raise nearly anything
        if not is_remade:
            raise UserError(f"{path}: is damaged, or of another version ({error})") from error
        delete(path)
        raise UserError(f"{path}: is damaged ({error}); it was deleted, run again") from error


def _flush(path: str) -> None:
    """Reach the disk before the rename does, so that a power cut leaves no empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256(path: str | os.PathLike[str]) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Sort key under which `2k` comes before `10k`."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name)]
