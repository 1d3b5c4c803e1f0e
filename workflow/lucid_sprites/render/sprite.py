"""Program: take one sprite's PNG out of its block.

    python -I -S sprite.py BLOCK MEMBER SPRITE LOG

One process for each sprite: only the standard library, and as little of it as possible.
"""

import contextlib
import errno
import os
import sys
import zipfile


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
    with contextlib.suppress(OSError), open(log, "w") as file:
        file.write(f"error: {message}\n")
    return f"error: {message}"


if __name__ == "__main__":
    main(*sys.argv[1:])
