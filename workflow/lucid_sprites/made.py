"""What an output says of how it was made.

Snakemake remembers parameters in a folder of its own, which may be missing, belong to another
project, or say what `--touch` made of it. So every output that depends on more than its inputs
carries a mark: a short text that changes with whatever decides what the output is. It stands
among the first bytes of the file, or beside it where a format leaves no room.
"""

import hashlib
import os
import re
from pathlib import Path

from lucid_sprites.files import sha256, write_whole

_MARK = re.compile(rb"lucid-sprites-made:([\w.]+);")
# Before it there are the heads of a PNG, of a ZIP's first entry, or the start of a text.
_HEAD = 192
_BESIDE = ".made"


def tag(*parts: str) -> str:
    """A short text that changes with each of the parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def mark(made: str) -> str:
    """What an output has among its first bytes."""
    return f"lucid-sprites-made:{made};"


def write_beside(path: str | os.PathLike[str], made: str) -> None:
    """Say of a file that is written how it was made, in one beside it; of a folder, inside."""
    path = Path(path)
    if path.is_dir():
        write_whole(path / _BESIDE, mark(made))
    else:
        write_whole(f"{path}{_BESIDE}", f"{mark(made)} {sha256(path)}")


def subject(path: str) -> str:
    """The file that a file beside it speaks of; any other path as it is."""
    return path if os.path.basename(path) == _BESIDE else path.removesuffix(_BESIDE)


def read(path: str) -> str | None:
    """How a file or folder says that it was made; None if it does not.

    Raises:
        OSError: there is none, or it cannot be read.
    """
    if os.path.isdir(path):
        return _mark_of(os.path.join(path, _BESIDE))
    return _mark_of(path) or _said_beside(path)


def _said_beside(path: str) -> str | None:
    """What the file beside says, if it is of this content."""
    beside = f"{path}{_BESIDE}"
    if not os.path.exists(beside):
        return None
    with open(beside) as file:
        _, _, content = file.read(2 * _HEAD).partition(" ")
    return _mark_of(beside) if content == sha256(path) else None


def _mark_of(path: str) -> str | None:
    with open(path, "rb", buffering=0) as file:
        match = _MARK.search(file.read(_HEAD))
    return match[1].decode() if match else None
