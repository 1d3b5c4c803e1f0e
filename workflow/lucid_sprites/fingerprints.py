"""What files hold, known without reading them again: the content decides, never a time.

Programs that unpack or restore (unzip, `cp -p`, git archive, Docker) choose the time that a file
was modified at. None can choose its inode and the time that these were changed at, so what was
read of a file is kept under both, in a small file of the results folder.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from lucid_sprites.errors import UserError
from lucid_sprites.files import write_whole

Value = TypeVar("Value", bound=str | None)

# A file could be written again within the same tick of its file system's clock.
_YOUNG_NS = 2_000_000_000
_FORMAT = 1

_State = list[int]
"""Device, inode, times of change and of modification in ns, size."""


class Fingerprints:
    """What is known of files, by what it is and their absolute paths.

    Args:
        file: that it is kept in; a damaged or foreign one counts as none.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, tuple[_State, str | None]] = _read(file) if file else {}
        self._seen: dict[str, tuple[_State, str | None]] = {}
        self._is_new = False
        self._folder = os.getcwd()

    def get(self, kind: str, path: str, compute: Callable[[str], Value]) -> Value:
        """What `compute` says of a file, from memory if the file is as it was.

        Raises:
            OSError: there is no such file, or it cannot be read.
        """
        key = f"{kind} {os.path.join(self._folder, path)}"
        state = _state(path)
        known = self._seen.get(key) or self._known.get(key)
        if known and known[0] == state:
            self._seen[key] = known
            return cast(Value, known[1])  # of this kind, so from `compute`
        value = compute(path)
        if state == _state(path) and time.time_ns() - state[2] > _YOUNG_NS:
            self._seen[key] = state, value
            self._is_new = True
        return value

    def save(self) -> None:
        """Keep what is known, if that can be done; files that nobody asks for are forgotten."""
        if not self._is_new or self._file is None:
            return
        # Configs that share a results folder ask for different files.
        is_crowded = len(self._known) > 2 * len(self._seen)
        kept = self._seen if is_crowded else {**self._known, **self._seen}
        with contextlib.suppress(UserError):
            write_whole(self._file, json.dumps({"format": _FORMAT, "known": kept}))
        self._is_new = False


def _read(file: Path) -> dict[str, tuple[_State, str | None]]:
    try:
        kept = json.loads(file.read_bytes())
        if kept["format"] != _FORMAT:
            return {}
        known = {key: (state, value) for key, (state, value) in kept["known"].items()}
        whole = all(isinstance(value, str | None) for _, value in known.values())
        return known if whole else {}
    except Exception:  # a torn or foreign file can raise nearly anything
        return {}


def _state(path: str) -> _State:
    status = os.stat(path)
    times = [status.st_ctime_ns, status.st_mtime_ns]
    return [status.st_dev, status.st_ino, *times, status.st_size]


_current = Fingerprints()


def keep_in(file: Path) -> Fingerprints:
    """Read what is known from `file`, and let all functions here use and extend it."""
    global _current
    _current = Fingerprints(file)
    return _current


def save() -> None:
    """Keep what is known by now, if that can be done."""
    _current.save()


def sha256(path: str) -> str:
    """Hexadecimal SHA-256 of a file's content.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    return _current.get("sha256", path, _sha256)


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content(path: str, where: str) -> str:
    """`sha256` of a file that the config names.

    Args:
        where: the place in the config, for messages.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return sha256(path)
    except OSError as error:
        raise UserError(f"{where}: {path}: cannot be read: {error.strerror}") from error


def made(path: str) -> str | None:
    """What an output says of how it was made (`lucid_sprites.made`); None if it says nothing.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    from lucid_sprites.made import read

    return _current.get("made", path, read)
