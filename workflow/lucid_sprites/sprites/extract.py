"""Program: take one sprite's PNG out of its block.

    python -I -S extract.py BLOCK MEMBER SPRITE LOG

One process for each sprite: only the standard library, and as little of it as possible. Importing
`zipfile` takes longer than everything else here, so blocks as this workflow writes them are read
without it, and all others, damaged ones first of all, with it.
"""

import errno
import os
import sys
from binascii import crc32

# Of the records of a ZIP (PKWARE's APPNOTE, 4.3), without the texts of variable length.
_LOCAL, _CENTRAL, _END = 30, 46, 22
_STORED = 0


def main(block: str, member: str, sprite: str, log: str) -> None:
    """Write the PNG called `member` of `block` to `sprite`, whole or not at all."""
    png = _member(block, member, log)
    beside = f"{sprite}.part"  # always the same: what a killed job leaves is written over
    try:
        with open(beside, "wb") as file:
            file.write(png)
        os.replace(beside, sprite)
    except OSError as error:
        sys.exit(_failure(f"{sprite}: cannot be written: {error.strerror}", log))
    finally:
        if os.path.exists(beside):
            os.unlink(beside)


def _member(block: str, member: str, log: str) -> bytes:
    try:
        png = _stored(block, member.encode())
    except OSError:
        png = None
    return _carefully(block, member, log) if png is None else png


def _stored(block: str, member: bytes) -> bytes | None:
    """A member that is stored, not compressed, in a small ZIP without a comment, and whole."""
    with open(block, "rb") as file:
        file.seek(-_END, os.SEEK_END)
        end = file.read()
        file.seek(_number(end, 16, 4))
        directory = file.read(_number(end, 12, 4))
        position = directory.find(member)
        entry = directory[max(0, position - _CENTRAL) : max(0, position)]
        named = _number(entry, 28, 2) == len(member) and entry.startswith(b"PK\1\2")
        if not named or _number(entry, 10, 2) != _STORED:
            return None
        start, size = _number(entry, 42, 4), _number(entry, 20, 4)
        file.seek(start)
        local = file.read(_LOCAL)
        file.seek(start + _LOCAL + _number(local, 26, 2) + _number(local, 28, 2))
        png = file.read(size)
    return png if len(png) == size and crc32(png) == _number(entry, 16, 4) else None


def _number(record: bytes, start: int, size: int) -> int:
    return int.from_bytes(record[start : start + size], "little")


def _carefully(block: str, member: str, log: str) -> bytes:
    """The member of an unusual block, or an end that says what is wrong with it."""
    import contextlib
    import zipfile

    try:
        with zipfile.ZipFile(block) as archive:
            if archive.getinfo(member).compress_type != zipfile.ZIP_STORED:
                raise zipfile.BadZipFile("compressed")
            return archive.read(member)
    except Exception as error:  # a torn or foreign file can raise nearly anything
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            sys.exit(_failure(f"{block}: cannot be read: {error.strerror}", log))
        # The next run makes it again, mostly from the store.
        with contextlib.suppress(OSError):
            os.unlink(block)
        sys.exit(
            _failure(f"{block}: no whole {member} in it ({error}); it was deleted, run again", log)
        )


def _failure(message: str, log: str) -> str:
    """What to end with; a log file for every sprite that succeeds would be one too many."""
    try:
        with open(log, "w") as file:
            file.write(f"error: {message}\n")
    except OSError:
        pass  # the message is shown all the same
    return f"error: {message}"


if __name__ == "__main__":
    main(*sys.argv[1:])
